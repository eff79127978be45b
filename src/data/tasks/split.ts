import { ConfigError } from '../../errors.ts';
import { Random } from '../random.ts';

/** Numbers of examples. */
export interface SplitCounts {
  train: number;
  validation: number;
  test: number;
}

/** As MeZO draws them (its large_models/README.md). */
export const peerCounts: SplitCounts = { train: 1000, validation: 500, test: 1000 };

/** Rows by the split that their files are named for; `all` are of no named split. */
export type Pools<T> = Partial<Record<keyof SplitCounts | 'all', readonly T[]>>;

/** Throws ConfigError unless every count is a whole number, at least one of them to train on. */
export function checkCounts(counts: SplitCounts): void {
  for (const [name, count] of Object.entries(counts)) {
    const least = name === 'train' ? 1 : 0;
    if (count !== Infinity && !(Number.isSafeInteger(count) && count >= least)) {
      throw new ConfigError(
        `split.${name} is ${count}; give a whole number of examples from ${least} on, or Infinity for all there are.`,
      );
    }
  }
}

/** Takes disjoint parts of a pool by seed, each in the pool's order; when it is too small, all parts shrink in proportion. */
function take<T>(pool: readonly T[], wanted: readonly number[], key: readonly (string | number)[]): T[][] {
  const add = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  const rest = Math.max(0, pool.length - add(wanted.filter(Number.isFinite)));
  const greedy = wanted.filter((n) => n === Infinity).length;
  const some = wanted.map((n) => (n === Infinity ? Math.floor(rest / greedy) : n));
  const short = add(some) > pool.length;
  const share = short ? some.map((n) => Math.floor((n / add(some)) * pool.length)) : some;
  if (short) share[0]! += pool.length - add(share);
  const all = pool.map((_, i) => i);
  const order = share[0] === pool.length ? all : new Random('split', ...key).shuffle(all);
  let from = 0;
  return share.map((n) => {
    const part = order.slice(from, (from += n)).sort((a, b) => a - b);
    return part.map((i) => pool[i]!);
  });
}

/**
 * The examples of each split, drawn by seed when there are more than wanted, else what there is, and what that came to in
 * words. Train and validation share the training rows unless there are rows of their own for both; rows without a split, or
 * with a test split alone, are divided among all three.
 */
export function splitRows<T>(
  pools: Pools<T>,
  counts: SplitCounts,
  key: readonly (string | number)[],
): Record<keyof SplitCounts, T[]> & { notes: string[] } {
  checkCounts(counts);
  const notes: string[] = [];
  const said = (name: string, got: number, wanted: number, of: number, from: string): void => {
    const short = wanted !== Infinity && got < wanted ? ` (${wanted} were asked for)` : '';
    notes.push(`${name}: ${got} of ${of} rows ${from}${short}`);
  };
  const training = pools.train ?? pools.all ?? pools.validation ?? pools.test ?? [];
  const source = pools.train ? 'train' : pools.all ? 'all' : pools.validation ? 'validation' : 'test';
  const own = {
    validation: source === 'train' ? pools.validation : undefined,
    test: source === 'test' ? undefined : pools.test,
  };
  const where = source === 'all' ? 'of the file' : `named ${source}`;
  const [train, validation, test] = take(
    training,
    [counts.train, own.validation ? 0 : counts.validation, own.test ? 0 : counts.test],
    [...key, source],
  ) as [T[], T[], T[]];
  const split = { train, validation, test };
  said('train', train.length, counts.train, training.length, where);
  for (const name of ['validation', 'test'] as const) {
    const pool = own[name];
    if (pool) split[name] = take(pool, [counts[name]], [...key, name])[0]!;
    const from = pool ? `named ${name}` : where;
    said(name, split[name].length, counts[name], pool?.length ?? training.length, from);
  }
  return { ...split, notes };
}
