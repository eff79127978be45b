import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';

/** How tokens are chosen. The defaults are greedy. */
export interface DecodingOptions {
  /** Most tokens to add to a prompt. */
  maxNewTokens: number;
  /** Tokens before the end token may come; default 0. */
  minNewTokens?: number;
  /** Hypotheses kept side by side (beam search); default 1. */
  beams?: number;
  /** Exponent of the length that a finished hypothesis' log-probability is divided by; default 1. */
  lengthPenalty?: number;
  /** Beam search ends once it has `beams` finished hypotheses; default true. False goes on while a running one may still win. */
  earlyStopping?: boolean;
  /**
   * Divides the positive and multiplies the negative scores of tokens that the prompt or the text so far holds; default 1
   * (Keskar et al. 2019, section 4.1). Beam search applies it to log-probabilities, the others to logits, as transformers do.
   */
  repetitionPenalty?: number;
  /** Above 0 tokens are drawn from the logits divided by it; default 0, the likeliest token. */
  temperature?: number;
  /** Draw from the k likeliest tokens only; default 0, all of them. */
  topK?: number;
  /** Draw from the likeliest tokens that together have this probability; default 1. */
  topP?: number;
  /** Seed of the draws: token n of row r depends on (seed, r, n) and the logits alone; default 0. */
  seed?: number;
  /** Number of the first row, for a batch that is a part of a larger one; default 0. */
  firstRow?: number;
}

export type Decoding = Required<DecodingOptions>;

interface Rule {
  ok: (x: number) => boolean;
  want: string;
}
const whole = (least: number): Rule => ({
  ok: (x) => Number.isSafeInteger(x) && x >= least,
  want: `a whole number from ${least} on`,
});
const word: Rule = {
  ok: (x) => Number.isInteger(x) && x >= 0 && x <= 0xffffffff,
  want: 'a whole number below 2^32',
};

const rules: Record<Exclude<keyof Decoding, 'earlyStopping'>, Rule> = {
  maxNewTokens: whole(1),
  minNewTokens: whole(0),
  beams: whole(1),
  lengthPenalty: { ok: Number.isFinite, want: 'a number' },
  repetitionPenalty: { ok: (x) => Number.isFinite(x) && x > 0, want: 'a number above 0' },
  temperature: {
    ok: (x) => Number.isFinite(x) && x >= 0,
    want: '0 (the likeliest token) or a number above it',
  },
  topK: whole(0),
  topP: { ok: (x) => Number.isFinite(x) && x > 0 && x <= 1, want: 'a number above 0, at most 1' },
  seed: word,
  firstRow: word,
};

/** Defaults filled in. Throws ConfigError for a value out of its range, or for options that exclude one another. */
export function decoding(options: DecodingOptions): Decoding {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const all: Decoding = {
    minNewTokens: 0,
    beams: 1,
    lengthPenalty: 1,
    earlyStopping: true,
    repetitionPenalty: 1,
    temperature: 0,
    topK: 0,
    topP: 1,
    seed: 0,
    firstRow: 0,
    ...(given as unknown as DecodingOptions),
  };
  for (const [name, { ok, want }] of Object.entries(rules)) {
    const value = all[name as keyof typeof rules];
    if (!ok(value)) throw new ConfigError(`${name} is ${inspect(value)}; give ${want}.`);
  }
  if (all.beams > 1 && all.temperature > 0) {
    throw new ConfigError(
      `Beam search (${all.beams} beams) takes the likeliest tokens and temperature ${all.temperature} draws them. Give one of the two.`,
    );
  }
  if (all.temperature === 0 && (all.topK > 0 || all.topP < 1)) {
    throw new ConfigError('topK and topP choose among drawn tokens. Give a temperature above 0 with them.');
  }
  return all;
}
