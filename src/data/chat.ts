import { Template } from '@huggingface/jinja';
import { ConfigError, FormatError } from '../errors.ts';
import type { ChatMessage } from './task.ts';

/** Settings of `chat`. */
export interface ChatOptions {
  /** Ends the text where the assistant's next turn begins; defaults to false. */
  addGenerationPrompt?: boolean;
}

/** Writes conversations as the model's own chat template does. */
export class ChatTemplate {
  readonly #template: Template;
  readonly #path: string;
  readonly #tokens: Readonly<Record<string, string>>;

  /** `tokens` are the special tokens' texts by name (bos_token, eos_token, ...). Throws FormatError for a template that is no Jinja. */
  constructor(source: string, tokens: Readonly<Record<string, string>>, path: string) {
    try {
      this.#template = new Template(source);
    } catch (cause) {
      throw new FormatError(
        `The chat template of ${path} cannot be read: ${message(cause)}. Fetch the file again.`,
        { cause },
      );
    }
    this.#path = path;
    this.#tokens = tokens;
  }

  /** Text of a conversation. Throws ConfigError when the template does not take these messages, with its reason. */
  render(messages: readonly ChatMessage[], { addGenerationPrompt = false }: ChatOptions = {}): string {
    const wrong = messages.find((m) => typeof m.role !== 'string' || typeof m.content !== 'string');
    if (wrong) {
      throw new ConfigError(`A chat message is ${JSON.stringify(wrong)}; give { role, content }, both text.`);
    }
    try {
      return this.#template.render({
        ...this.#tokens,
        messages: messages.map((m) => ({ ...m })),
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (cause) {
      const roles = messages.map((m) => m.role).join(', ');
      throw new ConfigError(
        `The chat template of ${this.#path} does not take these messages (${roles}): ${message(cause)}.`,
        { cause },
      );
    }
  }
}

function message(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
}
