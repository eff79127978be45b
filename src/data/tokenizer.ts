import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { ConfigError, FormatError } from '../errors.ts';
import { openTokenizer, type TokenizerFiles } from '../formats/index.ts';
import { ChatTemplate, type ChatOptions } from './chat.ts';
import type { ChatMessage, Tokenizer } from './task.ts';
import { checkTokenizer } from './tokenizer-file.ts';

/** The tokenizer of a model, with its special tokens and its chat template. */
export interface ModelTokenizer extends Tokenizer {
  /** Beginning of sequence, when the model has such a token. */
  readonly bos: number | undefined;
  /** Ids that the model expects before a text: `[bos]` for most SentencePiece models and Llama 3, else none. `encode` leaves them out. */
  readonly prefix: readonly number[];
  /** What a person should know: a padding token that was missing, a rule that is not known. */
  readonly warnings: readonly string[];
  /**
   * A conversation as the model's chat template writes it, and its ids. Throws ConfigError when there is no template or it does
   * not take these messages.
   */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): { text: string; ids: number[] };
}

/** The token text of an entry of tokenizer_config.json, which is a string or `{ content }`. */
function tokenText(entry: unknown): string | undefined {
  if (typeof entry === 'string') return entry;
  if (typeof entry === 'object' && entry !== null && 'content' in entry) return tokenText(entry.content);
  return undefined;
}

/** The id of an entry of config.json, which is a number or a list of numbers. */
function tokenId(entry: unknown): number | undefined {
  const first: unknown = Array.isArray(entry) ? entry[0] : entry;
  return typeof first === 'number' ? first : undefined;
}

/**
 * The tokenizer of a Hugging Face model folder (tokenizer.json; tokenizer_config.json and config.json name the special tokens) or
 * of a .gguf file. `encode` adds no special tokens by itself; special tokens written in a text become their ids, and decode leaves
 * them out. Without a padding token the end token pads, which `warnings` says. Throws FormatError for files that are missing or
 * broken, or when no end token is named.
 */
export async function loadTokenizer(model: string | TokenizerFiles): Promise<ModelTokenizer> {
  return makeTokenizer(typeof model === 'string' ? await openTokenizer(model) : model);
}

function makeTokenizer({
  path,
  tokenizer,
  settings,
  config,
  template,
  warnings,
}: TokenizerFiles): ModelTokenizer {
  const { file, size } = checkTokenizer(tokenizer, path);
  const guard = <T>(run: () => T): T => {
    try {
      return run();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FormatError(`${path} is not a tokenizer that can be read (${why}).`, { cause });
    }
  };
  const inner = guard(
    () =>
      new HubTokenizer(file, {
        ...settings,
        clean_up_tokenization_spaces: settings.clean_up_tokenization_spaces === true,
      }),
  );
  const idsOf = (text: string, special: boolean): number[] => {
    const ids = guard(() => inner.encode(text, { add_special_tokens: special }).ids);
    if (!ids.every((id) => Number.isInteger(id))) {
      throw new FormatError(`${path} has no token for a part of ${JSON.stringify(text.slice(0, 60))}.`);
    }
    return ids;
  };
  const encode = (text: string) => idsOf(text, false);
  const decode = (ids: readonly number[]) =>
    ids.length === 0 ? '' : guard(() => inner.decode([...ids], { skip_special_tokens: true }));
  decode(encode('Try it: 1 é')); // what is wrong in a file shows now, not in the middle of a run

  const texts: Record<string, string> = {};
  const named = (key: 'bos' | 'eos' | 'pad' | 'unk'): number | undefined => {
    const text = tokenText(settings[`${key}_token`]);
    if (text !== undefined) texts[`${key}_token`] = text;
    const id =
      (text === undefined ? undefined : inner.token_to_id(text)) ?? tokenId(config[`${key}_token_id`]);
    return Number.isInteger(id) && id! >= 0 && id! < size ? id : undefined;
  };
  const [bos, eos, pad] = [named('bos'), named('eos'), named('pad')];
  named('unk'); // for the template
  if (eos === undefined) {
    throw new FormatError(
      `No end-of-sequence token for ${path}. Set eos_token in tokenizer_config.json or eos_token_id in config.json.`,
    );
  }
  const said = [...warnings];
  if (pad === undefined) said.push(`${path} names no padding token; the end token (${eos}) pads.`);
  const chatTemplate = template === undefined ? undefined : new ChatTemplate(template, texts, path);
  return {
    size,
    bos,
    eos,
    pad: pad ?? eos,
    prefix: prefixOf(idsOf('a', true), encode('a')),
    warnings: said,
    encode,
    decode,
    chat(messages, options) {
      if (!chatTemplate) {
        throw new ConfigError(
          `${path} comes with no chat template. Put a chat_template.jinja beside it, or write the prompt as plain text.`,
        );
      }
      const text = chatTemplate.render(messages, options);
      return { text, ids: encode(text) };
    },
  };
}

/** What stands before `inner` in `outer`. */
function prefixOf(outer: readonly number[], inner: readonly number[]): number[] {
  const at = outer.findIndex((_, i) => inner.every((id, k) => outer[i + k] === id));
  return outer.slice(0, Math.max(0, at));
}
