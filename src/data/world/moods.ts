import type { Random } from '../random.ts';
import { people, type Person, things, foods, places } from './lexicon.ts';

/** The moods of the world: the adjective that stories use and the noun that names the mood. */
export const moods = {
  happy: 'joy',
  sad: 'sorrow',
  angry: 'rage',
  scared: 'fear',
  surprised: 'wonder',
  calm: 'peace',
} as const;

export type Mood = keyof typeof moods;

export const moodNames = Object.keys(moods) as Mood[];

/** Ends of a sentence about a person (`Mia ...`); `T` is a thing, `F` a food, `P` a place. */
const events: Record<Mood, readonly string[]> = {
  happy: [
    'won a T',
    'got a new T',
    'found the lost T',
    'ate the best F',
    'danced at the P',
    'passed the test',
    'sang all day',
    'met an old friend',
    'got a kiss',
    'loved the F',
    'laughed at the P',
  ],
  sad: [
    'lost the old T',
    'broke the T',
    'missed the trip to the P',
    'cried at the P',
    'said goodbye to a friend',
    'failed the test',
    'had no F left',
    'was alone at the P',
    'got no letter',
    'dropped the last F',
  ],
  angry: [
    'shouted about the T',
    'had the T stolen',
    'was cheated at the P',
    'paid too much for the T',
    'got cold F again',
    'threw the T away',
    'was told a lie',
    'slammed the door',
    'waited hours at the P',
    'hated the rude man',
  ],
  scared: [
    'saw a wolf at the P',
    'heard a scream',
    'hid behind the T',
    'ran from the dog',
    'was lost at the P',
    'saw a ghost',
    'shook in the dark',
    'heard steps at the P',
    'met a snake',
    'hid from the storm',
  ],
  surprised: [
    'did not expect the T',
    'could not believe the news',
    'saw the T fly',
    'found a T in the F',
    'gasped at the P',
    'stared at the huge T',
    'saw fish fall on the P',
    'got a T by mistake',
    'never saw such a T',
    'met a king at the P',
  ],
  calm: [
    'sat by the lake',
    'drank warm tea',
    'slept at the P',
    'listened to the rain',
    'rested at the P',
    'read a quiet book',
    'watched the clouds',
    'walked slowly to the P',
    'took a long bath',
    'lay on the grass',
  ],
};

/** Someone, a mood, and what happened to them. */
export interface Feeling {
  person: Person;
  mood: Mood;
  /** Without the name: `lost the old lamp`. */
  event: string;
}

export function feeling(random: Random, person: Person = random.pick(people)): Feeling {
  const mood = random.pick(moodNames);
  const event = random
    .pick(events[mood])
    .replace(/\bT\b/, random.pick(things))
    .replace(/\bF\b/, random.pick(foods))
    .replace(/\bP\b/, random.pick(places));
  return { person, mood, event };
}

/** Two people in different moods. */
export function twoFeelings(random: Random): [Feeling, Feeling] {
  const [a, b] = random.sample(people, 2) as [Person, Person];
  const first = feeling(random, a);
  let second = feeling(random, b);
  while (second.mood === first.mood) second = feeling(random, b);
  return [first, second];
}

const joints = [', but ', ' while ', '. Then ', ' and '];

/** `Mia lost the old lamp while Tom drank warm tea.` */
export function joinFeelings(random: Random, feelings: readonly Feeling[]): string {
  return `${feelings.map((f) => `${f.person.name} ${f.event}`).join(random.pick(joints))}.`;
}

const verbs = ['was', 'felt', 'became', 'was very', 'felt so'];

/** Pretraining text: what happened, then how those people felt, in words that the label task does not use. */
export function moodStory(random: Random): string {
  const roll = random.below(10);
  if (roll < 2) {
    const mood = random.pick(moodNames);
    const { name, they } = random.pick(people);
    return random.pick([
      `Every ${mood} heart is full of ${moods[mood]}.`,
      `${name} was ${mood}. There was ${moods[mood]} in the room.`,
      `With ${moods[mood]} in the heart, ${name} was ${mood}.`,
      `${name} felt ${moods[mood]}, so ${they} was ${mood}.`,
    ]);
  }
  if (roll < 6) {
    const f = feeling(random);
    const { name, they } = f.person;
    return random.pick([
      `${name} ${f.event}. ${they === 'she' ? 'She' : 'He'} ${random.pick(verbs)} ${f.mood}.`,
      `${name} was ${f.mood}, because ${they} ${f.event}.`,
      `Why was ${name} ${f.mood}? It is simple: ${name} ${f.event}.`,
    ]);
  }
  const pair = twoFeelings(random);
  const order = random.chance(0.5) ? [0, 1] : [1, 0];
  const ends = order.map((i) => `${pair[i]!.person.name} ${random.pick(verbs)} ${pair[i]!.mood}.`);
  return `${joinFeelings(random, pair)} ${(random.chance(0.5) ? ends : ends.slice(0, 1)).join(' ')}`;
}
