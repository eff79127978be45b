import { estimate } from '../src/index.ts';

/** Two-sided 95% quantiles of Student's t with 1 to 9 degrees of freedom. */
const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

/** Mean of the differences of pairs and its 95% confidence interval by Student's t. */
export interface PairedDifference {
  mean: number;
  half: number;
  /** The interval leaves out 0. */
  clear: boolean;
}

/** a - b, pair by pair; 2 to 10 pairs. */
export function pairedDifference(a: readonly number[], b: readonly number[]): PairedDifference {
  const t = T95[a.length - 2];
  if (a.length !== b.length || t === undefined) throw new Error(`${a.length} and ${b.length} values: 2 to 10 pairs are needed`); // prettier-ignore
  const { mean, standardError } = estimate(a.map((x, i) => x - b[i]!));
  const half = t * standardError;
  return { mean, half, clear: Math.abs(mean) > half };
}

/** Pearson's correlation. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const off = (list: readonly number[]) => list.map((x) => x - estimate(list).mean);
  const [x, y] = [off(a), off(b)];
  const inner = (u: readonly number[], v: readonly number[]) => u.reduce((sum, z, i) => sum + z * v[i]!, 0);
  return inner(x, y) / Math.sqrt(inner(x, x) * inner(y, y));
}

/** Values less the mean of their group: what is left when groups differ. */
export function withinGroups(values: readonly number[], groups: readonly unknown[]): number[] {
  return values.map((x, i) => x - estimate(values.filter((_, j) => groups[j] === groups[i])).mean);
}
