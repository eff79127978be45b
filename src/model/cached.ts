import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { tf } from '../engine/tf.ts';
import type { Llama } from './llama.ts';
import type { Weights } from './parameters.ts';
import { rotaryAngles } from './rotary.ts';

/** Settings of a {@link CachedForward}. */
export interface CachedForwardOptions {
  /** Filler for shorter prompts; any token of the vocabulary. */
  pad: number;
  /** Weights to run with; the model's own by default. */
  weights?: Weights;
}

/** Keys and values of one layer, [rows, kvHeads, slots, headDim], rotated. */
interface LayerCache {
  k: Tensor4D;
  v: Tensor4D;
}

/**
 * Forward passes of several rows at once, token by token, with a key-value cache: what every way of generating stands on.
 * Prompts are padded on the right; a cached slot that holds padding is masked and every row counts its own positions, so a
 * row's logits do not depend on its neighbours.
 *
 * Use: `start()` once, then `next(ids)` a token, `select(rows)` between tokens to reorder, repeat or drop rows, `dispose()`
 * at the end. Logits belong to the caller. The engine must be the active one (`await model.engine.activate()`).
 */
export class CachedForward {
  readonly #model: Llama;
  readonly #weights: Weights;
  readonly #pad: number;
  readonly #prompts: readonly (readonly number[])[];
  /** Slots of the prompts; a row's later tokens follow from this slot on. */
  readonly #longest: number;
  #lengths: number[];
  #steps = 0;
  #caches: LayerCache[] = [];

  /** Throws ConfigError when a prompt is empty or too long. */
  constructor(
    model: Llama,
    prompts: readonly (readonly number[])[],
    { pad, weights = model.parameters.get }: CachedForwardOptions,
  ) {
    const empty = prompts.findIndex((p) => p.length === 0);
    if (empty >= 0) throw new ConfigError(`Prompt ${empty} is empty. Give each at least one token.`);
    this.#model = model;
    this.#weights = weights;
    this.#pad = pad;
    this.#prompts = prompts;
    this.#lengths = prompts.map((p) => p.length);
    this.#longest = Math.max(0, ...this.#lengths);
    this.#checkRoom();
  }

  /** Rows that `next` takes a token for. */
  get rows(): number {
    return this.#lengths.length;
  }

  /** Tokens that each row has seen. */
  get lengths(): readonly number[] {
    return this.#lengths.map((n) => n + this.#steps);
  }

  /** Runs the prompts; logits [rows, V] of the token after each. */
  start(): Tensor2D {
    const t = this.#longest;
    const ids = this.#prompts.flatMap((p) => [...p, ...Array<number>(t - p.length).fill(this.#pad)]);
    const positions = this.#prompts.flatMap(() => Array.from({ length: t }, (_, i) => i));
    return this.#extend(
      ids,
      positions,
      this.#lengths.map((n, b) => b * t + n - 1),
    );
  }

  /** Appends one token to every row; logits [rows, V] of the token after it. */
  next(ids: readonly number[]): Tensor2D {
    if (ids.length !== this.rows)
      throw new ConfigError(`next() was given ${ids.length} tokens for ${this.rows} rows.`);
    const positions = this.lengths;
    this.#steps++;
    this.#checkRoom();
    return this.#extend(
      [...ids],
      [...positions],
      ids.map((_, b) => b),
    );
  }

  /** Row i from now on continues row `from[i]`: beam search reorders rows with it, others drop those that are done. */
  select(from: readonly number[]): void {
    const bad = from.find((b) => !(Number.isInteger(b) && b >= 0 && b < this.rows));
    if (bad !== undefined) throw new ConfigError(`select() was given row ${bad} of ${this.rows}.`);
    if (from.length === this.rows && from.every((b, i) => b === i)) return;
    const old = this.#caches;
    this.#caches = tf.tidy(() => {
      const rows = tf.tensor1d([...from], 'int32');
      return old.map(({ k, v }) => ({ k: tf.keep(tf.gather(k, rows)), v: tf.keep(tf.gather(v, rows)) }));
    });
    for (const c of old) tf.dispose([c.k, c.v]);
    this.#lengths = from.map((b) => this.#lengths[b]!);
  }

  dispose(): void {
    for (const c of this.#caches) tf.dispose([c.k, c.v]);
    this.#caches = [];
  }

  #checkRoom(): void {
    const { maxPositions } = this.#model.config;
    const most = this.#longest + this.#steps;
    if (most > maxPositions)
      throw new ConfigError(`${most} tokens exceed the model's ${maxPositions} positions.`);
  }

  /** Runs `ids` (the same number for each row) after what is cached and grows the cache. */
  #extend(ids: number[], positions: number[], last: number[]): Tensor2D {
    return tf.tidy(() => {
      const model = this.#model;
      const { ops } = model.engine;
      const c = model.config;
      const B = this.rows;
      const t = ids.length / B;
      const past = this.#caches[0]?.k.shape[2] ?? 0;
      const mask = this.#mask(t, past);
      const angles = rotaryAngles(c, positions);
      const half = c.headDim / 2;
      const cos = tf.tensor4d(angles.cos, [B, t, 1, half]);
      const sin = tf.tensor4d(angles.sin, [B, t, 1, half]);

      let h = ops.embed(this.#weights(model.embedding) as Tensor2D, tf.tensor1d(ids, 'int32'));
      for (let l = 0; l < c.layers; l++) {
        const p = model.layer(l);
        const matrix = (role: keyof typeof p) => this.#weights(p[role]) as Tensor2D;
        const norm = (x: Tensor2D, role: keyof typeof p) =>
          ops.rmsNorm(x, this.#weights(p[role]) as Tensor1D, c.normEpsilon);
        const a = norm(h, 'attention-norm');
        const split = (x: Tensor2D, heads: number) => x.reshape<Tensor4D>([B, t, heads, c.headDim]);
        const q = rotate(split(ops.linear(a, matrix('q')), c.heads), cos, sin);
        const k = byHead(rotate(split(ops.linear(a, matrix('k')), c.kvHeads), cos, sin));
        const v = byHead(split(ops.linear(a, matrix('v')), c.kvHeads));
        const mixed = attend(byHead(q), this.#grow(l, k, v), mask, c.heads / c.kvHeads);
        const flat = mixed.reshape<Tensor2D>([B * t, c.heads * c.headDim]);
        const middle = ops.add(h, ops.linear(flat, matrix('o')));
        const f = norm(middle, 'ffn-norm');
        const inner = ops.gated(ops.linear(f, matrix('gate')), ops.linear(f, matrix('up')), 'silu');
        h = ops.add(middle, ops.linear(inner, matrix('down')));
      }
      return model.logits(this.#weights, h, tf.tensor1d(last, 'int32'));
    });
  }

  /** 0 where a query may look, -1e9 where not: [B, 1, t, past + t]. */
  #mask(t: number, past: number): Tensor4D {
    const B = this.rows;
    const S = past + t;
    const values = new Float32Array(B * t * S);
    for (let b = 0; b < B; b++) {
      for (let i = 0; i < t; i++) {
        for (let s = 0; s < S; s++) {
          const ahead = s > past + i;
          const padding = s >= this.#lengths[b]! && s < this.#longest;
          if (ahead || padding) values[(b * t + i) * S + s] = -1e9;
        }
      }
    }
    return tf.tensor4d(values, [B, 1, t, S]);
  }

  #grow(l: number, k: Tensor4D, v: Tensor4D): LayerCache {
    const old = this.#caches[l];
    const next = old
      ? { k: tf.concat([old.k, k], 2), v: tf.concat([old.v, v], 2) }
      : { k: k.clone(), v: v.clone() };
    if (old) tf.dispose([old.k, old.v]);
    const kept = { k: tf.keep(next.k), v: tf.keep(next.v) };
    this.#caches[l] = kept;
    return kept;
  }
}

function byHead(x: Tensor4D): Tensor4D {
  return x.transpose([0, 2, 1, 3]);
}

/** Half-split rotary embedding of x [B, t, heads, headDim]. */
function rotate(x: Tensor4D, cos: Tensor4D, sin: Tensor4D): Tensor4D {
  const [a, b] = tf.split(x, 2, 3) as [Tensor4D, Tensor4D];
  return tf.concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], 3) as Tensor4D;
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
