import type { Random } from '../random.ts';
import { colours, days, foods, people, places, things } from './lexicon.ts';

/** A fact about a person: how it is told, and what is asked for. */
interface Relation {
  values: readonly string[];
  tell: (name: string, value: string) => string;
}

const relations: readonly Relation[] = [
  { values: things, tell: (name, value) => `${name} has a ${value}.` },
  { values: places, tell: (name, value) => `${name} is at the ${value}.` },
  { values: foods, tell: (name, value) => `${name} likes ${value}.` },
  { values: days, tell: (name, value) => `${name} comes on ${value}.` },
  { values: colours, tell: (name, value) => `${name} wears ${value}.` },
];

/**
 * Pretraining text: facts about several people, then the same facts asked for in another order. It is dense in tokens
 * that only looking back can predict, which is what a small model learns to copy from.
 */
export function notes(random: Random): string {
  const { values, tell } = random.pick(relations);
  const total = random.between(3, 5);
  const names = random.sample(people, total).map((p) => p.name);
  const facts = random.sample(values, total).map((value, i) => ({ name: names[i]!, value }));
  const told = facts.map((f) => tell(f.name, f.value));
  const style = random.below(3);
  const asked = random.shuffle(facts).map(({ name, value }) => {
    if (style === 0) return tell(name, value);
    return style === 1 ? `? ${name}: ${value}.` : `? Who: ${value}? ${name}.`;
  });
  return [...told, ...asked].join(' ');
}
