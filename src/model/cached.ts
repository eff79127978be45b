import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import { keptTensors, tf } from '../engine/index.ts';
import { prefixCache } from './adapters/prefix-cache.ts';
import type { Decoder } from './decoder.ts';
import { CachedAttention, type LayerCache } from './cached-attention.ts';
import type { Weights } from './parameters.ts';
import { learnedPlaces } from './positions.ts';
import { angleEpoch } from './rotary.ts';

/** Settings of a {@link CachedForward}. */
export interface CachedForwardOptions {
  /** Filler for shorter prompts; any token of the vocabulary. */
  pad: number;
  /** Weights to run with; the model's own by default. */
  weights?: Weights;
}

/**
 * Forward passes of several rows at once, token by token, with a key-value cache: what every way of generating stands on.
 * Prompts are padded on the right; a cached slot that holds padding is masked and every row counts its own positions, so a
 * row's logits do not depend on its neighbours. Where rotary angles change with the length of a sequence (`dynamic`,
 * `longrope`) the cache is made anew when they do.
 *
 * Use: `start()` once, then `next(ids)` a token, `select(rows)` between tokens to reorder, repeat or drop rows, `dispose()`
 * at the end. Logits belong to the caller. The engine must be the active one (`await model.engine.activate()`).
 */
export class CachedForward {
  readonly #model: Decoder;
  readonly #weights: Weights;
  readonly #pad: number;
  /** All tokens of each row. */
  #seen: number[][];
  /** Tokens of each row that went in at first, and slots that they took; later ones follow from there on. */
  #lengths: number[] = [];
  #longest = 0;
  #caches: LayerCache[] = [];

  /** Throws ConfigError when a prompt is empty or too long. */
  constructor(
    model: Decoder,
    prompts: readonly (readonly number[])[],
    { pad, weights = model.parameters.get }: CachedForwardOptions,
  ) {
    const empty = prompts.findIndex((p) => p.length === 0);
    if (empty >= 0) throw new ConfigError(`Prompt ${empty} is empty. Give each at least one token.`);
    this.#model = model;
    this.#weights = weights;
    this.#pad = pad;
    this.#seen = prompts.map((p) => [...p]);
    this.#checkRoom();
  }

  /** Rows that `next` takes a token for. */
  get rows(): number {
    return this.#seen.length;
  }

  /** Tokens that each row has seen. */
  get lengths(): readonly number[] {
    return this.#seen.map((ids) => ids.length);
  }

  /** Runs the prompts; logits [rows, V] of the token after each. */
  start(): Tensor2D {
    this.dispose();
    this.#lengths = [...this.lengths];
    this.#longest = Math.max(...this.#lengths);
    const t = this.#longest;
    const ids = this.#seen.flatMap((p) => [...p, ...Array<number>(t - p.length).fill(this.#pad)]);
    const positions = this.#seen.flatMap(() => Array.from({ length: t }, (_, i) => i));
    const last = this.#lengths.map((n, b) => b * t + n - 1);
    return this.#orNothing(() => {
      this.#caches = prefixCache(this.#model, this.#weights, this.rows);
      return this.#extend(ids, positions, last);
    });
  }

  /** Appends one token to every row; logits [rows, V] of the token after it. When it throws, none was appended. */
  next(ids: readonly number[]): Tensor2D {
    if (ids.length !== this.rows)
      throw new ConfigError(`next() was given ${ids.length} tokens for ${this.rows} rows.`);
    const positions = [...this.lengths];
    const stale = positions.some((n) => this.#epoch(n) !== this.#epoch(n + 1));
    const before = this.#seen;
    this.#seen = before.map((row, b) => [...row, ids[b]!]);
    try {
      this.#checkRoom();
      if (stale || this.#caches.length === 0) return this.start();
      const last = ids.map((_, b) => b);
      return this.#orNothing(() => this.#extend([...ids], positions, last));
    } catch (error) {
      this.#seen = before;
      throw error;
    }
  }

  /** Row i from now on continues row `from[i]`: beam search reorders rows with it, others drop those that are done. */
  select(from: readonly number[]): void {
    const bad = from.find((b) => !(Number.isInteger(b) && b >= 0 && b < this.rows));
    if (bad !== undefined) throw new ConfigError(`select() was given row ${bad} of ${this.rows}.`);
    if (from.length === this.rows && from.every((b, i) => b === i)) return;
    const old = this.#caches;
    this.#caches = keptTensors((keep) => {
      const rows = tf.tensor1d([...from], 'int32');
      return old.map(({ k, v }) => ({ k: keep(tf.gather(k, rows)), v: keep(tf.gather(v, rows)) }));
    });
    for (const c of old) tf.dispose([c.k, c.v]);
    this.#lengths = from.map((b) => this.#lengths[b]!);
    this.#seen = from.map((b) => [...this.#seen[b]!]);
  }

  dispose(): void {
    for (const c of this.#caches) tf.dispose([c.k, c.v]);
    this.#caches = [];
  }

  /** A pass that fails half way leaves the caches of some layers longer than others: they are given up, the next pass makes them anew. */
  #orNothing<T>(pass: () => T): T {
    try {
      return pass();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  #checkRoom(): void {
    const { maxPositions } = this.#model.config;
    const most = Math.max(0, ...this.lengths);
    if (most > maxPositions)
      throw new ConfigError(`${most} tokens exceed the model's ${maxPositions} positions.`);
  }

  #epoch(length: number): number {
    const { positions, prefix } = this.#model.config;
    return positions.kind === 'rotary' ? angleEpoch(positions, prefix + length) : 0;
  }

  /** Runs `ids` (the same number for each row) after what is cached and grows the cache. */
  #extend(ids: number[], positions: number[], last: number[]): Tensor2D {
    return tf.tidy(() => {
      const model = this.#model;
      const { config } = model;
      const past = this.#caches[0]?.k.shape[2] ?? 0;
      const at = positions.map((p) => config.prefix + p);
      const tokens = new CachedAttention(config, this.#slots(past, positions), at);
      const h = model.pass({
        weights: this.#weights,
        ids: tf.tensor1d(ids, 'int32'),
        places: learnedPlaces(config, positions),
        attend: (l, q, k, v) => {
          const [keys, values] = [tokens.keys(k), tokens.values(v)];
          return tokens.mix(
            model.attentionShape(l, this.rows, ids.length / this.rows),
            q,
            this.#grow(l, keys, values),
          );
        },
      });
      return model.logits(this.#weights, h, tf.tensor1d(last, 'int32'));
    });
  }

  /** Position of the token in each slot of each row, the prefix and the new ones included; undefined for padding. */
  #slots(past: number, positions: readonly number[]): (number | undefined)[][] {
    const t = positions.length / this.rows;
    const { prefix } = this.#model.config;
    return this.#lengths.map((length) =>
      Array.from({ length: past + t }, (_, slot) => {
        const s = slot - prefix;
        if (s < this.#longest) return s < length ? slot : undefined;
        return prefix + length + s - this.#longest;
      }),
    );
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
