import type { Random } from '../random.ts';
import { people } from './lexicon.ts';
import { questions, retelling } from './retelling.ts';
import { dialogue, scene, transcript, type Turn } from './scenes.ts';

const openings = [
  ['Hello!', 'Good morning!'],
  ['Are you there?', 'Yes, I am here.'],
  ['I have a question.', 'Ask me.'],
  ['How are you?', 'Fine, and you?'],
] as const;

const asides = ['I hear you.', 'May I come too?', 'That is a good answer.', 'Have fun!', 'Bye!'];

/** Pretraining text: a dialogue of 3 to 6 turns, often followed by questions and answers or by an old-fashioned retelling. */
export function conversation(random: Random): string {
  const s = scene(random);
  const turns: Turn[] = dialogue(random, s);
  if (random.chance(0.15)) {
    const [first, second] = random.pick(openings);
    turns.unshift({ speaker: s.a.name, text: first }, { speaker: s.b.name, text: second });
  } else if (random.chance(0.15)) {
    const speaker = random.chance(0.5) ? s.b.name : random.pick(people).name;
    turns.push({ speaker, text: random.pick(asides) });
  }
  let text = transcript(turns);
  const roll = random.below(10);
  if (roll < 6) {
    const all = questions(s);
    for (const [q, answer] of random.sample(all, random.between(1, all.length))) text += `\n? ${q} ${answer}`;
  }
  if (roll >= 4 && roll < 9) text += ` ${retelling(random, s)}`;
  return text;
}
