import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { Parameter } from '../model/parameters.ts';
import { basePart, type Direction } from './direction.ts';

/** Bytes of directions that a step keeps: small models keep all of theirs, of large ones it is next to nothing. */
export const KEPT_BYTES = 64 * 2 ** 20;

/**
 * Parts of directions for the length of a step, as far as `bytes` reach: a step uses each two or three times, and drawing is
 * what a ZO step of a small model spends most on besides products. What is not kept is drawn at each use; w + s u has the same
 * bits either way. Dispose it after use.
 */
export class KeptParts {
  readonly #parts = new Map<string, Tensor>();
  #left: number;

  constructor(
    private readonly engine: Engine,
    // a card may fuse the two roundings of w + s u, and then a kept part gives other bits
    bytes = engine.name === 'webgpu' ? 0 : KEPT_BYTES,
  ) {
    this.#left = bytes;
  }

  /** What `u` is to be scaled for `p`, kept from now on; undefined when there is no room for it. */
  of(u: Direction, p: Parameter): Tensor | undefined {
    const id = `${u.query} ${p.index}`;
    const kept = this.#parts.get(id);
    if (kept || this.#left < 4 * p.size) return kept;
    const part = tf.keep(basePart(this.engine, u, p));
    this.#parts.set(id, part);
    this.#left -= 4 * p.size;
    return part;
  }

  dispose(): void {
    tf.dispose([...this.#parts.values()]);
    this.#parts.clear();
  }
}
