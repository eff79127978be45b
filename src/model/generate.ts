import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import { CachedForward } from './cached.ts';
import type { Llama } from './llama.ts';
import type { Weights } from './parameters.ts';

/** Settings of `generate`. */
export interface GenerateOptions {
  /** Most tokens to add to each prompt. */
  maxNewTokens: number;
  /** Token that ends a row (it is not returned). */
  eos: number;
  /** Filler for shorter prompts. */
  pad: number;
  /** Weights to generate with; the model's own by default. */
  weights?: Weights;
  signal?: AbortSignal;
}

/**
 * Greedy generation for several prompts at once, with a key-value cache; a row's text does not depend on its neighbours.
 * Returns the new tokens of each row, without the end token.
 */
export async function generate(
  model: Llama,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { maxNewTokens, eos, pad, weights = model.parameters.get, signal } = options;
  if (prompts.length === 0) return [];
  const forward = new CachedForward(model, prompts, { pad, weights });
  const longest = Math.max(...prompts.map((p) => p.length));
  if (longest + maxNewTokens > model.config.maxPositions) {
    throw new ConfigError(
      `${longest} prompt tokens and ${maxNewTokens} new ones exceed the model's ${model.config.maxPositions} positions.`,
    );
  }
  await model.engine.activate();
  const out: number[][] = prompts.map(() => []);
  const done = prompts.map(() => false);
  try {
    let ids: number[] = [];
    for (let n = 0; n < maxNewTokens && !done.every(Boolean); n++) {
      signal?.throwIfAborted();
      const best = tf.tidy(() => (n === 0 ? forward.start() : forward.next(ids)).argMax(1));
      ids = Array.from(await best.data());
      best.dispose();
      ids.forEach((id, b) => {
        done[b] ||= id === eos;
        if (!done[b]) out[b]!.push(id);
      });
    }
    return out;
  } finally {
    forward.dispose();
  }
}
