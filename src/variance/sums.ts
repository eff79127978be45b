import type { Parameter } from '../model/parameters.ts';
import { noMoments, push, type Moments } from './statistics.ts';

/** What is summed over the estimates with one q. All is relative to |g|^2 or |g|. */
export interface WholeSums {
  q: number;
  /** |g^|^2 and |g^ - g|^2. */
  secondMoment: Moments;
  variance: Moments;
  /** cos(g^, g) and its square. */
  cosine: Moments;
  cosineSquared: Moments;
  /** |g^| / |g|. */
  normRatio: Moments;
  /** Share of the coordinates with g_i not 0 whose sign is right. */
  signAgreement: Moments;
}

/** Tensors looked at together. */
export interface GroupName {
  kind: 'tensor' | 'layer' | 'role';
  /** Name of the tensor, name or number of the layer (-1 is the embedding) or the role. */
  name: string;
}

/** What is summed of the part of the estimate in one group, at q = 1. */
export interface GroupSums extends GroupName {
  secondMoment: Moments;
  cosineSquared: Moments;
  signAgreement: Moments;
}

/** Everything summed so far: plain data, enough to go on after a break. */
export interface Sums {
  whole: WholeSums[];
  groups: GroupSums[];
  /** (c - u.g)^2 / |g|^2, and (c - u.g)(u.g) / |g|^2. */
  curvature: Moments;
  bias: Moments;
}

/** One estimate's part in one tensor. */
export interface Part {
  /** |g^_k|^2, <g^_k, g_k> and coordinates with the right sign. */
  square: number;
  inner: number;
  right: number;
}

/** What is known of the true gradient in one tensor. */
export interface TensorFacts {
  parameter: Parameter;
  /** |g_k|^2. */
  square: number;
  /** Coordinates that are not 0, and over them sums of |g_i| and |g_i|^3. */
  coordinates: number;
  absolute: number;
  cube: number;
}

/** The groups of some tensors, with the places of their members: every tensor, every layer, every role. */
export function groupsOf(parameters: readonly Parameter[]): (GroupName & { members: number[] })[] {
  const groups = new Map<string, GroupName & { members: number[] }>();
  for (const kind of ['tensor', 'layer', 'role'] as const) {
    parameters.forEach((p, i) => {
      const name = { tensor: p.name, layer: p.layerName ?? String(p.layer), role: p.role }[kind];
      const key = `${kind} ${name}`;
      if (!groups.has(key)) groups.set(key, { kind, name, members: [] });
      groups.get(key)!.members.push(i);
    });
  }
  return [...groups.values()];
}

/** Sums of nothing. */
export function noSums(parameters: readonly Parameter[], queries: readonly number[]): Sums {
  return {
    whole: queries.map((q) => ({
      q,
      secondMoment: noMoments(),
      variance: noMoments(),
      cosine: noMoments(),
      cosineSquared: noMoments(),
      normRatio: noMoments(),
      signAgreement: noMoments(),
    })),
    groups: groupsOf(parameters).map(({ kind, name }) => ({
      kind,
      name,
      secondMoment: noMoments(),
      cosineSquared: noMoments(),
      signAgreement: noMoments(),
    })),
    curvature: noMoments(),
    bias: noMoments(),
  };
}

const total = <T>(list: readonly T[], of: (x: T) => number) => list.reduce((s, x) => s + of(x), 0);

/** Adds one estimate with q queries, given tensor by tensor. */
export function addEstimate(sums: WholeSums, parts: readonly Part[], facts: readonly TensorFacts[]): void {
  const g2 = total(facts, (f) => f.square);
  const square = total(parts, (p) => p.square);
  const inner = total(parts, (p) => p.inner);
  const cosine = cosineOf(square, inner, g2);
  push(sums.secondMoment, square / g2);
  push(sums.variance, (square - 2 * inner + g2) / g2);
  push(sums.cosine, cosine);
  push(sums.cosineSquared, cosine ** 2);
  push(sums.normRatio, Math.sqrt(square / g2));
  push(sums.signAgreement, total(parts, (p) => p.right) / total(facts, (f) => f.coordinates));
}

/** Adds the parts of one estimate with q = 1 to the groups. */
export function addToGroups(sums: Sums, parts: readonly Part[], facts: readonly TensorFacts[]): void {
  const g2 = total(facts, (f) => f.square);
  groupsOf(facts.map((f) => f.parameter)).forEach(({ members }, i) => {
    const group = sums.groups[i]!;
    const [own, gradient] = [members.map((k) => parts[k]!), members.map((k) => facts[k]!)];
    const square = total(own, (p) => p.square);
    const cosine = cosineOf(square, total(own, (p) => p.inner), total(gradient, (f) => f.square)); // prettier-ignore
    push(group.secondMoment, square / g2);
    push(group.cosineSquared, cosine ** 2);
    push(group.signAgreement, total(own, (p) => p.right) / total(gradient, (f) => f.coordinates));
  });
}

/** An estimate of exactly 0 (possible with signs) points nowhere: cosine 0. So does one of a part without gradient. */
const cosineOf = (square: number, inner: number, g2: number) =>
  square > 0 && g2 > 0 ? inner / Math.sqrt(square * g2) : 0;
