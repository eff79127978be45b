import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { Llama } from './llama.ts';
import type { Weights } from './parameters.ts';
import { rotaryAngles } from './rotary.ts';

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

/** Keys and values of one layer, [B, kvHeads, S, headDim], rotated. */
interface LayerCache {
  k: Tensor4D;
  v: Tensor4D;
}

/**
 * Greedy generation for several prompts at once, with a key-value cache. Prompts are padded on the right; a cached slot
 * that holds padding is masked, and every row counts its own positions, so a row's text does not depend on its neighbours.
 * Returns the new tokens of each row, without the end token.
 */
export async function generate(
  model: Llama,
  prompts: readonly (readonly number[])[],
  options: GenerateOptions,
): Promise<number[][]> {
  const { maxNewTokens, eos, pad, weights = model.parameters.get, signal } = options;
  if (prompts.length === 0) return [];
  const empty = prompts.findIndex((p) => p.length === 0);
  if (empty >= 0) throw new ConfigError(`Prompt ${empty} is empty. Give each at least one token.`);
  const lengths = prompts.map((p) => p.length);
  const longest = Math.max(...lengths);
  if (longest + maxNewTokens > model.config.maxPositions) {
    throw new ConfigError(
      `${longest} prompt tokens and ${maxNewTokens} new ones exceed the model's ${model.config.maxPositions} positions.`,
    );
  }
  await model.engine.activate();
  const rows = prompts.length;
  const out: number[][] = prompts.map(() => []);
  const done = prompts.map(() => false);
  const caches: LayerCache[] = [];
  try {
    let ids = prompts.flatMap((p) => [...p, ...Array<number>(longest - p.length).fill(pad)]);
    let positions = prompts.flatMap(() => Array.from({ length: longest }, (_, t) => t));
    let last = lengths.map((n, b) => b * longest + n - 1); // rows whose next token is wanted
    for (let n = 0; n < maxNewTokens && !done.every(Boolean); n++) {
      signal?.throwIfAborted();
      const next = tf.tidy(() => extend(model, weights, caches, ids, positions, lengths, longest, last));
      ids = Array.from(await next.data());
      next.dispose();
      ids.forEach((id, b) => {
        done[b] ||= id === eos;
        if (!done[b]) out[b]!.push(id);
      });
      positions = lengths.map((length) => length + n);
      last = Array.from({ length: rows }, (_, b) => b);
    }
    return out;
  } finally {
    for (const c of caches) tf.dispose([c.k, c.v]);
  }
}

/** Runs `ids` (the same number for each row) after what is cached, grows the cache, returns the best next ids [B]. */
function extend(
  model: Llama,
  weights: Weights,
  caches: LayerCache[],
  ids: number[],
  positions: number[],
  lengths: number[],
  longest: number,
  last: number[],
): Tensor1D {
  const { ops } = model.engine;
  const c = model.config;
  const B = lengths.length;
  const t = ids.length / B;
  const past = caches[0]?.k.shape[2] ?? 0;
  const mask = slotMask(B, t, past, lengths, longest);
  const angles = rotaryAngles(c, positions);
  const half = c.headDim / 2;
  const cos = tf.tensor4d(angles.cos, [B, t, 1, half]);
  const sin = tf.tensor4d(angles.sin, [B, t, 1, half]);

  let h = ops.embed(weights(model.embedding) as Tensor2D, tf.tensor1d(ids, 'int32'));
  for (let l = 0; l < c.layers; l++) {
    const p = model.layer(l);
    const matrix = (role: keyof typeof p) => weights(p[role]) as Tensor2D;
    const a = ops.rmsNorm(h, weights(p['attention-norm']) as Tensor1D, c.normEpsilon);
    const split = (x: Tensor2D, heads: number) => x.reshape<Tensor4D>([B, t, heads, c.headDim]);
    const q = rotate(split(ops.linear(a, matrix('q')), c.heads), cos, sin);
    const k = byHead(rotate(split(ops.linear(a, matrix('k')), c.kvHeads), cos, sin));
    const v = byHead(split(ops.linear(a, matrix('v')), c.kvHeads));
    const cache = grow(caches, l, k, v);
    const mixed = attend(byHead(q), cache, mask, c.heads / c.kvHeads).reshape([B * t, c.heads * c.headDim]);
    const middle = ops.add(h, ops.linear(mixed as Tensor2D, matrix('o')));
    const f = ops.rmsNorm(middle, weights(p['ffn-norm']) as Tensor1D, c.normEpsilon);
    const inner = ops.swiglu(ops.linear(f, matrix('gate')), ops.linear(f, matrix('up')));
    h = ops.add(middle, ops.linear(inner, matrix('down')));
  }
  return model.logits(weights, h, tf.tensor1d(last, 'int32')).argMax(1);
}

/** 0 where a query may look, -1e9 where not: [B, 1, t, past + t]. */
function slotMask(B: number, t: number, past: number, lengths: number[], longest: number): Tensor4D {
  const S = past + t;
  const values = new Float32Array(B * t * S);
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < t; i++) {
      for (let s = 0; s < S; s++) {
        const ahead = s > past + i;
        const padding = s >= lengths[b]! && s < longest;
        if (ahead || padding) values[(b * t + i) * S + s] = -1e9;
      }
    }
  }
  return tf.tensor4d(values, [B, 1, t, S]);
}

function byHead(x: Tensor4D): Tensor4D {
  return x.transpose([0, 2, 1, 3]);
}

/** Half-split rotary embedding of x [B, t, heads, headDim]. */
function rotate(x: Tensor4D, cos: Tensor4D, sin: Tensor4D): Tensor4D {
  const [a, b] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
  return tf.concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 3) as Tensor4D;
}

function grow(caches: LayerCache[], l: number, k: Tensor4D, v: Tensor4D): LayerCache {
  const old = caches[l];
  const next = old
    ? { k: tf.concat([old.k, k], 2), v: tf.concat([old.v, v], 2) }
    : { k: k.clone(), v: v.clone() };
  if (old) tf.dispose([old.k, old.v]);
  const kept = { k: tf.keep(next.k), v: tf.keep(next.v) };
  caches[l] = kept;
  return kept;
}

/** q [B, heads, t, hd] over the cache -> [B, t, heads, hd]; each key-value head serves `group` query heads in a row. */
function attend(q: Tensor4D, cache: LayerCache, mask: Tensor4D, group: number): Tensor4D {
  const [B, heads, t, hd] = q.shape;
  const kv = heads / group;
  const S = cache.k.shape[2];
  const flat = (x: Tensor4D, rows: number) => x.reshape<Tensor3D>([B * kv, rows, hd]);
  const scores = tf.matMul(flat(q, group * t), flat(cache.k, S), false, true).mul(1 / Math.sqrt(hd));
  const weights = scores
    .reshape([B, heads, t, S])
    .add(mask)
    .softmax()
    .reshape([B * kv, group * t, S]);
  return byHead(tf.matMul(weights, flat(cache.v, S)).reshape<Tensor4D>([B, heads, t, hd]));
}
