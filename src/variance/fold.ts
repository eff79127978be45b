import type { Tensor } from '@tensorflow/tfjs';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { directionPart, type Direction } from '../estimate/index.ts';
import type { Parameter } from '../model/parameters.ts';
import type { Part, TensorFacts } from './sums.ts';

/** Directions with what one fold needs of them, counted from draw `from` on. */
export interface Drawn {
  from: number;
  directions: readonly Direction[];
  coefficients: readonly number[];
}

/** Estimates made of draws: by q, by estimate in order, by tensor. And <u, g> by draw. */
export interface Folded {
  estimates: Map<number, Part[][]>;
  exact: Float64Array;
}

/** What is known of the true gradient, tensor by tensor. */
export async function gradientFacts(
  engine: Engine,
  gradients: ReadonlyMap<Parameter, Tensor>,
): Promise<TensorFacts[]> {
  const facts: TensorFacts[] = [];
  for (const [parameter, g] of gradients) {
    const square = await engine.ops.dot([[g, g]]);
    let [coordinates, absolute, cube] = [0, 0, 0];
    for (const x of await g.data()) {
      if (x === 0) continue;
      coordinates++;
      absolute += Math.abs(x);
      cube += Math.abs(x) ** 3;
    }
    facts.push({ parameter, square, coordinates, absolute, cube });
  }
  return facts;
}

/**
 * Makes the estimates with each q out of draws, one tensor after the other: every direction's part is drawn once, and one
 * running sum for each q is held, so memory stays at a few copies of the largest tensor. Estimate k with q queries is of the
 * draws k q .. (k + 1) q - 1; those that began before `drawn.from` or do not end within these draws are left out.
 */
export async function fold(
  engine: Engine,
  gradients: ReadonlyMap<Parameter, Tensor>,
  facts: readonly TensorFacts[],
  queries: readonly number[],
  drawn: Drawn,
): Promise<Folded> {
  const exact = new Float64Array(drawn.directions.length);
  const estimates = new Map<number, Part[][]>(queries.map((q) => [q, []]));
  for (const { parameter: p, coordinates } of facts) {
    const g = gradients.get(p)!;
    const signs = tf.sign<Tensor>(g);
    const partial = new Map<number, Tensor>();
    try {
      for (const [i, u] of drawn.directions.entries()) {
        const place = drawn.from + i;
        const part = directionPart(engine, u, p);
        try {
          const inner = await engine.ops.dot([[part, g]]);
          exact[i]! += inner;
          for (const q of queries) {
            if (place - (place % q) < drawn.from) continue; // its estimate began before these draws
            addTerm(engine, partial, q, part, drawn.coefficients[i]! / q);
            if (place % q < q - 1) continue;
            const sum = partial.get(q)!;
            const k = Math.floor(place / q) - Math.ceil(drawn.from / q);
            (estimates.get(q)![k] ??= []).push(await look(engine, sum, g, signs, coordinates));
            sum.dispose();
            partial.delete(q);
          }
        } finally {
          part.dispose();
        }
      }
    } finally {
      tf.dispose([signs, ...partial.values()]);
    }
  }
  return { estimates, exact };
}

function addTerm(
  engine: Engine,
  partial: Map<number, Tensor>,
  q: number,
  part: Tensor,
  coefficient: number,
): void {
  const sum = partial.get(q);
  if (!sum) {
    partial.set(q, part.mul<Tensor>(coefficient));
    return;
  }
  partial.set(q, engine.ops.addScaled(sum, part, coefficient));
  sum.dispose();
}

async function look(
  engine: Engine,
  estimate: Tensor,
  g: Tensor,
  signs: Tensor,
  coordinates: number,
): Promise<Part> {
  const own = tf.sign<Tensor>(estimate);
  try {
    // agreements less disagreements; an estimate of exactly 0 counts as half
    const balance = await engine.ops.dot([[own, signs]]);
    const square = await engine.ops.dot([[estimate, estimate]]);
    const inner = await engine.ops.dot([[estimate, g]]);
    return { square, inner, right: (coordinates + balance) / 2 };
  } finally {
    own.dispose();
  }
}
