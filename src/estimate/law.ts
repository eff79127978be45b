import { ConfigError } from '../errors.ts';
import type { Distribution } from '../noise/index.ts';

/**
 * Law of a ZO direction u over the tensors that it moves. All have mean 0 and E[u u^T] = I, so the estimate has the same
 * mean under each:
 * - `gaussian`: u ~ N(0, I), the paper's and MeZO's;
 * - `rademacher`: independent signs (FZOO, arXiv 2506.09034);
 * - `sphere`: uniform on the sphere of radius sqrt(d) over all moved tensors together, a Gaussian scaled to that length;
 * - `low-rank`: a matrix moves along U V^T / sqrt(r) with U [rows, r] and V [columns, r] Gaussian, anything else along a
 *   Gaussian (LOZO, arXiv 2410.07698; its code leaves out 1 / sqrt(r) and keeps V for some steps, here every draw is fresh).
 */
export type DirectionLaw = Distribution | 'sphere' | 'low-rank';

/** Every law, in the order of the documentation. */
export const directionLaws: readonly DirectionLaw[] = ['gaussian', 'rademacher', 'sphere', 'low-rank'];

/** LOZO's rank. */
export const DEFAULT_RANK = 2;

/** Throws ConfigError unless `law` is a law. */
export function checkLaw(law: DirectionLaw): void {
  if (!directionLaws.includes(law)) {
    const names = directionLaws.map((name) => `'${name}'`).join(', ');
    throw new ConfigError(`law is ${JSON.stringify(law)}; take one of ${names}.`);
  }
}

/** The keyed noise that a law is made of. */
export function baseLaw(law: DirectionLaw): Distribution {
  return law === 'rademacher' ? 'rademacher' : 'gaussian';
}
