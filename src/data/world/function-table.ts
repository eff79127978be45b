import type { Random } from '../random.ts';

/** A value that a test passes or expects. */
export type Value = number | boolean | string | number[];

/** Arguments of the i-th test call of a function with constant k. */
export type Draw = (random: Random, k: number, i: number) => Value[];

export const integer: Draw = (random) => [random.between(-9, 30)];
const near: Draw = (_, k, i) => [k - 3 + i];
const natural: Draw = (random) => [random.between(0, 99)];
const integers: Draw = (random) => [random.between(-9, 20), random.between(-9, 20)];
const numbers = (random: Random, length: number): number[] =>
  Array.from({ length }, () => random.between(-9, 20));
const list: Draw = (random) => [numbers(random, random.between(4, 7))];
/** A list that holds k and its neighbours, except that every second list lacks k. */
const listNear: Draw = (random, k, i) => [
  random.shuffle([...numbers(random, 3).filter((x) => x !== k), k - 1, k + 1, ...(i % 2 ? [] : [k])]),
];
const sizedList: Draw = (random, k, i) => [numbers(random, Math.max(0, k - 2 + i))];
const words = 'owl lamp river garden picture elephant lighthouse'.split(' ');
const word: Draw = (_, __, i) => [words[i % words.length]!];

export const num = (v: Value | undefined): number => v as number;
const arr = (v: Value | undefined): number[] => v as number[];
const str = (v: Value | undefined): string => v as string;

/** A kind of function with one constant K, written `K` in its texts. */
export interface Entry {
  code: string;
  comment: readonly string[];
  order: readonly string[];
  run: (k: number, ...args: Value[]) => Value;
  arguments: Draw;
  /** Largest constant; default 15. */
  most?: number;
}

/** The functions with one constant, arithmetic on a number aside. */
export const entries: readonly Entry[] = [
  {
    code: 'x => x > K',
    comment: ['is x more than K', 'x over K'],
    order: ['test for more than K', 'check for over K'],
    run: (k, x) => num(x) > k,
    arguments: near,
  },
  {
    code: 'x => x < K',
    comment: ['is x less than K', 'x under K'],
    order: ['test for less than K', 'check for under K'],
    run: (k, x) => num(x) < k,
    arguments: near,
  },
  {
    code: 'x => x % K',
    comment: ['x modulo K', 'rest of x over K'],
    order: ['give the rest after division by K'],
    run: (k, x) => num(x) % k,
    arguments: natural,
  },
  {
    code: 'x => Math.max(x, K)',
    comment: ['larger of x and K', 'x, K or more'],
    order: ['make it K at least', 'keep the larger of it and K'],
    run: (k, x) => Math.max(num(x), k),
    arguments: near,
  },
  {
    code: 'x => Math.min(x, K)',
    comment: ['smaller of x and K', 'x, K or less'],
    order: ['make it K at most', 'keep the smaller of it and K'],
    run: (k, x) => Math.min(num(x), k),
    arguments: near,
  },
  {
    code: '(x, y) => x + y + K',
    comment: ['x plus y plus K', 'both and K more'],
    order: ['add both and K', 'sum both, then add K'],
    run: (k, x, y) => num(x) + num(y) + k,
    arguments: integers,
  },
  {
    code: '(x, y) => x * y + K',
    comment: ['x times y plus K', 'product and K more'],
    order: ['multiply both, then add K'],
    run: (k, x, y) => num(x) * num(y) + k,
    arguments: integers,
  },
  {
    code: '(x, y) => x - y - K',
    comment: ['x minus y minus K'],
    order: ['subtract the second and K'],
    run: (k, x, y) => num(x) - num(y) - k,
    arguments: integers,
  },
  {
    code: 'a => a.map(x => x + K)',
    comment: ['all of a plus K', 'each of a, K more'],
    order: ['add K to each', 'increase each by K'],
    run: (k, a) => arr(a).map((x) => x + k),
    arguments: list,
  },
  {
    code: 'a => a.map(x => x - K)',
    comment: ['all of a minus K', 'each of a, K less'],
    order: ['subtract K from each', 'take away K from each'],
    run: (k, a) => arr(a).map((x) => x - k),
    arguments: list,
  },
  {
    code: 'a => a.map(x => x * K)',
    comment: ['all of a times K'],
    order: ['multiply each by K', 'scale each by K'],
    run: (k, a) => arr(a).map((x) => x * k),
    arguments: list,
  },
  {
    code: 'a => a.filter(x => x > K)',
    comment: ['those of a over K', 'a without K or less'],
    order: ['keep those over K', 'keep those more than K'],
    run: (k, a) => arr(a).filter((x) => x > k),
    arguments: listNear,
  },
  {
    code: 'a => a.filter(x => x < K)',
    comment: ['those of a under K', 'a without K or more'],
    order: ['keep those under K', 'keep those less than K'],
    run: (k, a) => arr(a).filter((x) => x < k),
    arguments: listNear,
  },
  {
    code: 'a => a.length > K',
    comment: ['has a more than K', 'size of a over K'],
    order: ['test for a size over K', 'check for more than K items'],
    run: (k, a) => arr(a).length > k,
    arguments: sizedList,
    most: 6,
  },
  {
    code: 'a => a.includes(K)',
    comment: ['is K in a', 'a has K'],
    order: ['look for K', 'check that K is there'],
    run: (k, a) => arr(a).includes(k),
    arguments: listNear,
  },
  {
    code: 'a => Math.max(...a) + K',
    comment: ['largest of a plus K'],
    order: ['add K to the largest'],
    run: (k, a) => Math.max(...arr(a)) + k,
    arguments: list,
  },
  {
    code: 's => s.length + K',
    comment: ['size of s plus K'],
    order: ['add K to the size of the word'],
    run: (k, s) => str(s).length + k,
    arguments: word,
  },
  {
    code: 's => s.length > K',
    comment: ['size of s over K'],
    order: ['check for a word size over K'],
    run: (k, s) => str(s).length > k,
    arguments: word,
    most: 8,
  },
  {
    code: 's => s.repeat(K)',
    comment: ['s K times', 'K copies of s'],
    order: ['repeat the word K times', 'make K copies of the word'],
    run: (k, s) => str(s).repeat(k),
    arguments: word,
  },
  {
    code: "s => s + 'K'",
    comment: ['s and K at the end'],
    order: ['put K after the word'],
    run: (k, s) => `${str(s)}${k}`,
    arguments: word,
  },
];
