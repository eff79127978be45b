import { ConfigError } from '../errors.ts';
import { CachedForward } from './cached.ts';
import { decodeBeams } from './generate-beams.ts';
import { PlainForward, type RowsForward } from './generate-forward.ts';
import { decoding, type DecodingOptions } from './generate-options.ts';
import { decodeRows } from './generate-rows.ts';
import type { StopStrings } from './generate-stop.ts';
import type { Decoder } from './decoder.ts';
import type { Weights } from './parameters.ts';

/** Settings of `generate`. */
export interface GenerateOptions extends DecodingOptions {
  /** Token that ends a row (it is not returned). */
  eos: number;
  /** Filler for shorter prompts. */
  pad: number;
  /** Ends a row whose new text holds one of these strings; the tokens of the string are returned. */
  stop?: StopStrings | undefined;
  /** Keep keys and values of earlier tokens; default true. False runs all tokens again for each, and holds no cache. */
  cache?: boolean;
  /** Weights to generate with; the model's own by default. */
  weights?: Weights;
  signal?: AbortSignal | undefined;
}

/**
 * Continues several prompts at once: greedily, by sampling (`temperature`) or by beam search (`beams`). What a row gets does
 * not depend on its neighbours. Returns the new tokens of each row, without the end token.
 * Throws ConfigError for settings out of range, an empty prompt, or more tokens than the model has positions.
 */
export async function generate(
  model: Decoder,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { eos, pad, stop, cache = true, weights, signal, ...rest } = options;
  const settings = decoding(rest);
  if (prompts.length === 0) return [];
  const longest = Math.max(...prompts.map((p) => p.length));
  if (longest + settings.maxNewTokens > model.config.maxPositions) {
    throw new ConfigError(
      `${longest} prompt tokens and ${settings.maxNewTokens} new ones exceed the model's ${model.config.maxPositions} positions.`,
    );
  }
  signal?.throwIfAborted();
  await model.engine.activate();
  const forward: RowsForward = cache
    ? new CachedForward(model, prompts, { pad, ...(weights && { weights }) })
    : new PlainForward(model, prompts, { pad, weights });
  try {
    const decode = settings.beams > 1 ? decodeBeams : decodeRows;
    return await decode(forward, prompts, settings, { eos, stop, signal });
  } finally {
    forward.dispose();
  }
}
