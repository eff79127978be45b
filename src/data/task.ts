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
}

/** Scores of a set of outputs; `primary` names the one to compare by. All scores lie in [0, 1], higher is better. */
export interface Scores {
  primary: string;
  values: Record<string, number>;
  /** The primary score of each example, in order. */
  each: number[];
}

/** A task: examples with a split, and how to score generated text. */
export interface Task {
  readonly name: string;
  readonly kind: 'generation' | 'classification';
  /** One sentence for people. */
  readonly description: string;
  readonly train: readonly Example[];
  readonly test: readonly Example[];
  /** Longest completion to generate, in tokens. */
  readonly maxNewTokens: number;
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
