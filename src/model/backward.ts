import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from './batch.ts';
import type { Decoder } from './decoder.ts';
import type { Parameter, Weights } from './parameters.ts';
import { withTape } from './tape.ts';

/** A pass whose gradient is wanted. */
export interface Differentiated {
  model: Decoder;
  weights: Weights;
  batch: DeviceBatch;
  wrt: readonly Parameter[];
  /** The lowest block that one of `wrt` is used in; `model.blocks` for the head. */
  deepest: number;
  /** States before that block [B*T, D]; none before the embedding. */
  below: Tensor2D | undefined;
  /** Loss from the states after the last layer. */
  head: (h: Tensor2D) => Scalar;
}

/** Gradients of one tape over all blocks from the deepest on. */
export function gradientsAtOnce({ model, weights, batch, wrt, deepest, below, head }: Differentiated) {
  const top = () =>
    deepest < model.blocks ? model.hidden(weights, batch, deepest, model.blocks, below) : below!;
  const { value, grads } = withTape(() => head(top()), wrt.map(weights));
  value.dispose();
  return new Map(wrt.map((p, i) => [p, grads[i]!]));
}

/**
 * The same gradients, to the bit, with activation recomputation (gradient checkpointing; Chen et al., Training Deep Nets with
 * Sublinear Memory Cost, arXiv 1604.06174, with each block a segment): the forward pass keeps the states between blocks and nothing
 * else. Then, from the head down, each block is run again on a tape of its own, which is gone before the next. One forward pass more
 * of the blocks from the deepest on, perturbed copies drawn once more included, for the activations of one layer in place of all.
 */
export function gradientsByBlock({ model, weights, batch, wrt, deepest, below, head }: Differentiated) {
  const { blocks } = model;
  const usedIn = Array.from({ length: blocks + 1 }, (): Parameter[] => []);
  for (const p of wrt) for (const b of model.blocksOf(p)) usedIn[b]!.push(p);
  const block = (b: number, h?: Tensor2D) => model.hidden(weights, batch, b, b + 1, h);
  /** Before each block from the deepest on. */
  const states = [below];
  /** Gradient of the states after the block at hand. */
  let dh: Tensor2D | undefined;
  const sums = new Map<Parameter, Tensor>();
  let fresh: Tensor[] = [];
  try {
    for (let b = deepest; b < blocks; b++) states.push(block(b, states.at(-1)));
    for (let b = blocks; b >= deepest; b--) {
      const h = states.at(-1);
      const through = b > deepest ? [h!] : [];
      const xs = [...through, ...usedIn[b]!.map(weights)];
      const run = (): Tensor => (b < blocks ? block(b, h) : head(h!));
      const { value, grads } = withTape(run, xs, { dy: dh });
      fresh = grads as Tensor[];
      tf.dispose([value, dh, h === below ? undefined : h]);
      states.pop();
      dh = through.length > 0 ? (fresh.shift() as Tensor2D) : undefined;
      usedIn[b]!.forEach((p, i) => sums.set(p, sum(sums.get(p), fresh[i]!)));
    }
    return new Map(wrt.map((p) => [p, sums.get(p)!]));
  } catch (error) {
    tf.dispose([...sums.values(), ...fresh]);
    throw error;
  } finally {
    tf.dispose([dh, ...states.filter((h) => h !== below)]);
  }
}

/** What to say where blocks are to be recomputed in a model that has none. */
export function noBlocks(): ConfigError {
  return new ConfigError(
    'This model has no blocks to recompute: a loss of your own is differentiated as a whole. Leave recompute out; a smaller batch ' +
      'needs less memory.',
  );
}

/** `more` where there is nothing yet, else the sum of both, which are used up. */
function sum(before: Tensor | undefined, more: Tensor): Tensor {
  if (!before) return more;
  try {
    return tf.add(before, more);
  } finally {
    tf.dispose([before, more]);
  }
}
