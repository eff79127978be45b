import type { DecodingOptions } from '../model/index.ts';

/** One turn of a conversation. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** One supervised example. The loss is taken on the completion's tokens only. */
export interface Example {
  /** Text that the model is given. */
  prompt: string;
  /** Text that it should produce (the end-of-sequence token is added by the batcher). */
  completion: string;
  /** All accepted references, when there are several; defaults to `[completion]`. */
  references?: string[];
  /** Anything that a score needs beyond text (unit tests, label, answer). */
  meta?: Record<string, unknown>;
  /**
   * Characters `from`..`to` of the prompt lose their end when they have more than `tokens` tokens or the row is too long;
   * without it a prompt that is too long loses its beginning.
   */
  cut?: { from: number; to: number; tokens: number };
  /**
   * A conversation that ends with the assistant. It is encoded by the model's chat template with the loss on all turns of the
   * assistant; `prompt` and `completion` are then its text for people and for scores.
   */
  messages?: readonly ChatMessage[];
}

/** Scores of a set of outputs; `primary` names the one to compare by. All scores lie in [0, 1], higher is better. */
export interface Scores {
  primary: string;
  values: Record<string, number>;
  /** The primary score of each example, in order. */
  each: number[];
}

/** How a task's texts are generated. */
export type Generation = Omit<DecodingOptions, 'maxNewTokens' | 'firstRow'> & {
  /** A text ends before the first of these. */
  stop?: readonly string[];
};

/** A task: examples with a split, and how to score generated text. */
export interface Task {
  readonly name: string;
  readonly kind: 'generation' | 'classification';
  /** One sentence for people. */
  readonly description: string;
  readonly train: readonly Example[];
  /** Examples to choose settings by; they are not in the test. */
  readonly validation?: readonly Example[];
  readonly test: readonly Example[];
  /** Tokens of a training row, prompt and completion together, unless a run says otherwise. */
  readonly maxLength?: number;
  /** Longest completion to generate, in tokens. */
  readonly maxNewTokens: number;
  /** How texts are generated; greedily when left out. */
  readonly generation?: Generation;
  /** What a person should know about the examples: where they came from, how many of how many. */
  readonly notes?: readonly string[];
  /** Throws when something that scoring needs is missing, before anything is generated. */
  ready?(): Promise<void>;
  score(outputs: readonly string[], examples: readonly Example[]): Promise<Scores>;
}

/** Text to token ids and back. */
export interface Tokenizer {
  readonly size: number;
  /** End of sequence; also stops generation. */
  readonly eos: number;
  readonly pad: number;
  /** Ids that the model expects before a text; none when left out. */
  readonly prefix?: readonly number[];
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** A conversation as the model's chat template writes it; left out by tokenizers that have none. */
  chat?(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean },
  ): { text: string; ids: number[] };
}
