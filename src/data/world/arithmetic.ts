import type { Random } from '../random.ts';
import { containers, count, countables, people, type Person, plural, things } from './lexicon.ts';

/** One step of a solution: `left sign right = value`. */
export interface Step {
  left: number;
  sign: '+' | '-' | '*';
  right: number;
  value: number;
}

/** A word problem: what happened, what is asked, and how to work it out. */
export interface Problem {
  /** `Mia has 5 apples. Tom gives her 3.` */
  story: string;
  /** `How many apples does Mia have?` */
  question: string;
  /** The end of the story when it is told instead of asked, `N` standing for the answer: `Mia has N apples` */
  outcome: string;
  steps: Step[];
  answer: number;
}

/** Applies one operation. */
export function step(left: number, sign: Step['sign'], right: number): Step {
  return {
    left,
    sign,
    right,
    value: sign === '+' ? left + right : sign === '-' ? left - right : left * right,
  };
}

/** `5+3=8` */
export const stepText = (s: Step): string => `${s.left}${s.sign}${s.right}=${s.value}`;

/** The largest number that a sum or difference starts from. */
const most = 20;

function gain(random: Random, n: number, owner: Person): [string, Step] {
  const s = step(n, '+', random.between(1, 12));
  const giver = random.pick(people.filter((p) => p !== owner));
  const k = s.right;
  const text = random.pick([
    `${giver.name} gives ${owner.them} ${k} more.`,
    `Then ${owner.they} finds ${k} more.`,
    `${owner.name} gets ${k} more.`,
  ]);
  return [text, s];
}

function loss(random: Random, n: number, owner: Person): [string, Step] {
  const s = step(n, '-', random.between(1, Math.min(n - 1, 12)));
  const taker = random.pick(people.filter((p) => p !== owner));
  const k = s.right;
  const text = random.pick([
    `${owner.name} gives ${k} to ${taker.name}.`,
    `Then ${owner.they} loses ${k} of them.`,
    `${taker.name} takes ${k} away.`,
  ]);
  return [text, s];
}

function owned(random: Random, twoSteps: boolean): Problem {
  const owner = random.pick(people);
  const noun = random.pick(countables);
  let n = random.between(3, most);
  const parts: string[] = [];
  const steps: Step[] = [];
  if (twoSteps && random.chance(0.4)) {
    const groups = step(random.between(2, 5), '*', random.between(2, 9));
    const box = random.pick(containers);
    parts.push(`${owner.name} has ${count(groups.left, box)} of ${count(groups.right, noun)}.`);
    steps.push(groups);
    n = groups.value;
  } else {
    parts.push(`${owner.name} has ${count(n, noun)}.`);
    if (twoSteps) {
      const [text, s] = (random.chance(0.5) ? gain : loss)(random, n, owner);
      parts.push(text);
      steps.push(s);
      n = s.value;
    }
  }
  const [text, last] = (n < 3 || random.chance(0.5) ? gain : loss)(random, n, owner);
  parts.push(text);
  steps.push(last);
  return {
    story: parts.join(' '),
    question: `How many ${plural(noun)} does ${owner.name} have?`,
    outcome: `${owner.name} has N ${plural(noun)}`,
    steps,
    answer: last.value,
  };
}

function groups(random: Random): Problem {
  const owner = random.pick(people);
  const noun = random.pick(countables);
  const box = random.pick(containers);
  const s = step(random.between(2, 5), '*', random.between(2, 9));
  return {
    story: random.pick([
      `${owner.name} has ${count(s.left, box)}. In each are ${count(s.right, noun)}.`,
      `${owner.name} fills ${count(s.left, box)} with ${count(s.right, noun)} each.`,
    ]),
    question: `How many ${plural(noun)} are there?`,
    outcome: `there are N ${plural(noun)}`,
    steps: [s],
    answer: s.value,
  };
}

function shopping(random: Random, twoSteps: boolean): Problem {
  const owner = random.pick(people);
  const [first, second] = random.sample(things, 2) as [string, string];
  const s = step(random.between(8, 30), '-', random.between(2, 7));
  const steps = [s];
  let bought = `a ${first} for ${s.right}`;
  if (twoSteps) {
    const t = step(s.value, '-', random.between(1, Math.min(9, s.value)));
    steps.push(t);
    bought += ` and a ${second} for ${t.right}`;
  }
  return {
    story: `${owner.name} has ${s.left} coins and buys ${bought}.`,
    question: `How many coins are left?`,
    outcome: `N coins are left`,
    steps,
    answer: steps[steps.length - 1]!.value,
  };
}

function together(random: Random): Problem {
  const [a, b] = random.sample(people, 2) as [Person, Person];
  const noun = random.pick(countables);
  const s = step(random.between(2, most), '+', random.between(2, 12));
  return {
    story: `${a.name} has ${count(s.left, noun)}. ${b.name} has ${s.right}.`,
    question: `How many ${plural(noun)} do they have?`,
    outcome: `they have N ${plural(noun)}`,
    steps: [s],
    answer: s.value,
  };
}

/** A random word problem of one or two steps, all numbers below 100 and none negative. */
export function problem(random: Random): Problem {
  const roll = random.below(8);
  if (roll < 2) return owned(random, false);
  if (roll < 4) return owned(random, true);
  if (roll === 4) return groups(random);
  if (roll === 5) return together(random);
  return shopping(random, roll === 7);
}

/** Pretraining text: the problem told to its end, mostly with the working in plain words. */
export function problemStory(random: Random): string {
  const p = problem(random);
  const outcome = p.outcome.replace('N', `${p.answer}`);
  const works = p.steps.map(stepText);
  if (random.chance(0.1)) return `${p.story} Now ${outcome}.`;
  if (random.chance(0.3)) return `${p.story} We know ${works.join(' and ')}. Now ${outcome}.`;
  if (random.chance(0.4)) return `${p.story} Count: ${works.join(' then ')}. So ${outcome}.`;
  return `${p.story} Because ${works.join(' and ')}, now ${outcome}.`;
}

/** Pretraining text: a line of bare sums, so that the facts are frequent. */
export function drill(random: Random): string {
  const items: string[] = [];
  const total = random.between(4, 9);
  for (let i = 0; i < total; i++) {
    const roll = random.below(5);
    if (roll < 2) items.push(stepText(step(random.between(1, 45), '+', random.between(1, 12))));
    else if (roll < 4) {
      const left = random.between(2, 45);
      items.push(stepText(step(left, '-', random.between(1, Math.min(left, 12)))));
    } else items.push(stepText(step(random.between(2, 5), '*', random.between(2, 9))));
  }
  return items.join(random.pick(['; ', '\n', ' and ']));
}
