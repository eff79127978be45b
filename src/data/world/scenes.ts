import type { Random } from '../random.ts';
import { colours, days, drinks, excuses, foods, people, type Person, places, things } from './lexicon.ts';

/** The facts of one scene between a and b (and sometimes c): what its dialogue settles. */
export type Facts =
  | { kind: 'plan'; place: string; day: string; hour: number }
  | { kind: 'purchase'; colour: string; thing: string; price: number; asked: number }
  | { kind: 'lost'; thing: string; place: string }
  | { kind: 'loan'; thing: string; day: string }
  | { kind: 'gift'; thing: string; rejected: string; c: Person }
  | { kind: 'excuse'; place: string; excuse: string; c: Person }
  | { kind: 'order'; food: string; drink: string; price: number }
  | { kind: 'repair'; thing: string; day: string; place: string };

export type Kind = Facts['kind'];

export interface Scene {
  a: Person;
  b: Person;
  facts: Facts;
}

/** One line of a dialogue. */
export interface Turn {
  speaker: string;
  text: string;
}

export const kinds: readonly Kind[] = [
  'plan',
  'purchase',
  'lost',
  'loan',
  'gift',
  'excuse',
  'order',
  'repair',
];

/** A random scene of the world. */
export function scene(random: Random, kind: Kind = random.pick(kinds)): Scene {
  const [a, b, c] = random.sample(people, 3) as [Person, Person, Person];
  const [thing, rejected] = random.sample(things, 2) as [string, string];
  const place = random.pick(places);
  const day = random.pick(days);
  const price = random.between(2, 9);
  const facts: Record<Kind, () => Facts> = {
    plan: () => ({ kind: 'plan', place, day, hour: random.between(1, 9) }),
    purchase: () => {
      const asked = random.chance(0.5) ? price : price + random.between(1, 9);
      return { kind: 'purchase', colour: random.pick(colours), thing, price, asked };
    },
    lost: () => ({ kind: 'lost', thing, place }),
    loan: () => ({ kind: 'loan', thing, day }),
    gift: () => ({ kind: 'gift', thing, rejected, c }),
    excuse: () => ({ kind: 'excuse', place, excuse: random.pick(excuses), c }),
    order: () => ({ kind: 'order', food: random.pick(foods), drink: random.pick(drinks), price }),
    repair: () => ({ kind: 'repair', thing, day, place }),
  };
  return { a, b, facts: facts[kind]() };
}

/** The dialogue of a scene: 3 or 4 turns, each worded in one of several ways. */
export function dialogue(random: Random, { a, b, facts: f }: Scene): Turn[] {
  const say = (speaker: Person, ...wordings: string[]): Turn => ({
    speaker: speaker.name,
    text: random.pick(wordings),
  });
  switch (f.kind) {
    case 'plan':
      return [
        say(
          a,
          `Shall we go to the ${f.place}?`,
          `Let us visit the ${f.place}.`,
          `Will you come to the ${f.place}?`,
        ),
        say(b, `Yes, on ${f.day}.`, `Good idea. Is ${f.day} fine?`, `I am free on ${f.day}.`),
        say(a, `Then at ${f.hour}.`, `Fine, be there at ${f.hour}.`, `See you at ${f.hour}.`),
      ];
    case 'purchase':
      return [
        say(a, `How much is the ${f.colour} ${f.thing}?`, `I want that ${f.colour} ${f.thing}.`),
        say(b, `It costs ${f.asked} coins.`, `Only ${f.asked} coins.`, `That is ${f.asked} coins.`),
        ...(f.asked === f.price
          ? [say(a, 'Good, I will take it.', 'Fine, here you are.')]
          : [
              say(a, `Too much. I give you ${f.price}.`, `I only have ${f.price} coins.`),
              say(b, 'Well, take it.', 'Fine, it is yours.'),
            ]),
      ];
    case 'lost':
      return [
        say(a, `Where is my ${f.thing}?`, `I lost my ${f.thing}.`, `Did you see my ${f.thing}?`),
        say(
          b,
          `I saw it at the ${f.place}.`,
          `It is still at the ${f.place}.`,
          `Look for it at the ${f.place}.`,
        ),
        say(a, 'Thank you!', 'Oh, I will go there now.', 'What luck!'),
      ];
    case 'loan':
      return [
        say(a, `Can I have your ${f.thing}?`, `I need a ${f.thing}.`, `May I use your ${f.thing}?`),
        say(b, `Yes, until ${f.day}.`, `Bring it back on ${f.day}.`, `Sure, but I need it on ${f.day}.`),
        say(a, 'Thank you!', 'I promise.', 'That is kind of you.'),
      ];
    case 'gift':
      return [
        say(
          a,
          `What can we give ${f.c.name}?`,
          `It is the birthday of ${f.c.name}.`,
          `${f.c.name} needs a present.`,
        ),
        say(b, `Maybe a ${f.rejected}?`, `I think of a ${f.rejected}.`),
        say(a, `No, rather a ${f.thing}.`, `I prefer a ${f.thing}.`, `A ${f.thing} is better.`),
        say(b, 'You are right.', 'Good, let us do that.'),
      ];
    case 'excuse':
      return [
        say(a, `Are you coming to the ${f.place}?`, `The ${f.place} is open. Come along!`),
        say(b, `No, I am ${f.excuse}.`, `Sorry, I am too ${f.excuse}.`, `I cannot, I am ${f.excuse}.`),
        say(a, `Then I will ask ${f.c.name}.`, `I will take ${f.c.name} along.`, `Maybe ${f.c.name} comes.`),
      ];
    case 'order':
      return [
        say(a, 'What would you like?', 'Are you ready?', 'Please sit down.'),
        say(b, `The ${f.food} and some ${f.drink}.`, `I take ${f.food} and ${f.drink}, please.`),
        say(a, `That is ${f.price} coins.`, `It will be ${f.price} coins.`),
      ];
    case 'repair':
      return [
        say(a, `My ${f.thing} is broken.`, `Look, the ${f.thing} does not work.`, `I broke my ${f.thing}.`),
        say(b, `I can mend it on ${f.day}.`, `Wait until ${f.day}, I will help.`),
        say(
          a,
          `I will bring it to the ${f.place}.`,
          `Meet me at the ${f.place}.`,
          `It is at the ${f.place}.`,
        ),
      ];
  }
}

/** A dialogue on one line. Every name follows a space, so that it is the same token wherever it stands. */
export const transcript = (turns: readonly Turn[]): string =>
  turns.map((t) => `${t.speaker}: ${t.text}`).join(' ');
