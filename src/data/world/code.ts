import type { Random } from '../random.ts';

import { entries, integer, num, type Value } from './function-table.ts';

/** A one-line function: its code as a JavaScript arrow expression, what it does, and the same thing to be called. */
export interface Fn {
  /** `x => x * 2 + 3` */
  code: string;
  /** How pretraining comments put it: `x times 2, plus 3`. */
  comment: string;
  /** What to do, step by step: `multiply by 2`, `add 3`. */
  orders: string[];
  run: (...args: Value[]) => Value;
  /** Arguments of the i-th test call; calls 0 to 7 lie around the constant, so that they tell near misses apart. */
  arguments: (random: Random, i: number) => Value[];
}

/** An arithmetic operation with a constant k. */
interface Arithmetic {
  sign: string;
  comment: (k: number) => readonly string[];
  order: (k: number) => readonly string[];
  run: (x: number, k: number) => number;
}

const arithmetic: readonly Arithmetic[] = [
  {
    sign: '+',
    comment: (k) => [`plus ${k}`, `${k} more`],
    order: (k) => [`add ${k}`, `increase by ${k}`],
    run: (x, k) => x + k,
  },
  {
    sign: '-',
    comment: (k) => [`minus ${k}`, `${k} less`],
    order: (k) => [`subtract ${k}`, `take away ${k}`],
    run: (x, k) => x - k,
  },
  {
    sign: '*',
    comment: (k) => [`times ${k}`, `${k} times as much`],
    order: (k) => [`multiply by ${k}`, `scale by ${k}`],
    run: (x, k) => x * k,
  },
];

function oneStep(random: Random): Fn {
  const op = random.pick(arithmetic);
  const k = random.between(2, 20);
  return {
    code: `x => x ${op.sign} ${k}`,
    comment: `x ${random.pick(op.comment(k))}`,
    orders: [random.pick(op.order(k))],
    run: (x) => op.run(num(x), k),
    arguments: (random, i) => integer(random, k, i),
  };
}

function twoSteps(random: Random): Fn {
  const first = random.pick(arithmetic);
  const second = random.pick(arithmetic.filter((op) => op !== first));
  const [k, m] = [random.between(2, 12), random.between(2, 12)];
  const inner = `x ${first.sign} ${k}`;
  const code = second.sign === '*' ? `(${inner}) * ${m}` : `${inner} ${second.sign} ${m}`;
  return {
    code: `x => ${code}`,
    comment: `x ${random.pick(first.comment(k))}, ${random.pick(second.comment(m))}`,
    orders: [random.pick(first.order(k)), random.pick(second.order(m))],
    run: (x) => second.run(first.run(num(x), k), m),
    arguments: (random, i) => integer(random, m, i),
  };
}

/** A random function of the world. */
export function fn(random: Random): Fn {
  const roll = random.below(8);
  if (roll === 0) return oneStep(random);
  if (roll < 4) return twoSteps(random);
  const entry = random.pick(entries);
  const k = random.between(2, entry.most ?? 15);
  const fill = (text: string): string => text.replace('K', `${k}`);
  return {
    code: fill(entry.code),
    comment: fill(random.pick(entry.comment)),
    orders: [fill(random.pick(entry.order))],
    run: (...args) => entry.run(k, ...args),
    arguments: (random, i) => entry.arguments(random, k, i),
  };
}

const names = 'f g h next change shift score make value result'.split(' ');

/** Pretraining text: one or two functions under a comment that says what they do. */
export function codeListing(random: Random): string {
  const lines: string[] = [];
  const total = random.between(1, 3);
  for (let i = 0; i < total; i++) {
    const f = fn(random);
    const description = random.chance(0.05) ? f.orders.join(' and ').replace(', then', ' and') : f.comment;
    const named = `const ${random.pick(names)} = ${f.code};`;
    lines.push(random.chance(0.8) ? `// ${description}\n${named}` : `${named} // ${description}`);
  }
  return lines.join('\n');
}
