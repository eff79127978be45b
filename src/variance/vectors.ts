import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { directionPart, type Direction } from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Move } from './objective.ts';

/** A vector in the space of some parameters, such as a gradient: one tensor each. Dispose it with `dispose`. */
export type Vector = ReadonlyMap<Parameter, Tensor>;

/** <a, b>, in float64 where the engine can. */
export function inner(engine: Engine, a: Vector, b: Vector): Promise<number> {
  return engine.ops.dot([...a].map(([p, t]) => [t, b.get(p)!] as const));
}

/** A new vector made tensor by tensor; nothing is left behind when that throws. */
export function mapVector(a: Vector, of: (t: Tensor, p: Parameter) => Tensor): Vector {
  const made = new Map<Parameter, Tensor>();
  try {
    for (const [p, t] of a) made.set(p, of(t, p));
    return made;
  } catch (error) {
    dispose(made);
    throw error;
  }
}

/** scale * a. */
export const scaled = (a: Vector, scale: number): Vector => mapVector(a, (t) => t.mul<Tensor>(scale));

/** a + scale * b. */
export function plus(engine: Engine, a: Vector, b: Vector, scale: number): Vector {
  return mapVector(a, (t, p) => engine.ops.addScaled(t, b.get(p)!, scale));
}

/** A direction with all its parts in memory. */
export function drawn(engine: Engine, parameters: readonly Parameter[], u: Direction): Vector {
  const made = new Map<Parameter, Tensor>();
  try {
    for (const p of parameters) made.set(p, directionPart(engine, u, p));
    return made;
  } catch (error) {
    dispose(made);
    throw error;
  }
}

/** The move w -> w + sum of scale * vector. */
export function shift(engine: Engine, ...terms: readonly (readonly [Vector, number])[]): Move {
  return (p, w) =>
    tf.tidy(() => terms.reduce((sum, [v, scale]) => engine.ops.addScaled(sum, v.get(p)!, scale), w));
}

/** Frees vectors. */
export function dispose(...vectors: readonly (Vector | undefined)[]): void {
  for (const v of vectors) if (v) tf.dispose([...v.values()]);
}
