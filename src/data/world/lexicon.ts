/*
 * Few words of each kind, on purpose: a model of this size learns to pick a known word out of a text long before it learns
 * to copy any word whatever.
 */

/** The people of the world, with the pronouns that the text uses for them. */
export interface Person {
  name: string;
  they: 'she' | 'he';
  them: 'her' | 'him';
}

const women = 'Mia Anna Lucy Emma Sara Nina';
const men = 'Tom Ben Max Leo Sam Paul';

export const people: readonly Person[] = [
  ...women.split(' ').map((name): Person => ({ name, they: 'she', them: 'her' })),
  ...men.split(' ').map((name): Person => ({ name, they: 'he', them: 'him' })),
];

/** Things that are owned, sold, lost and lent; every name starts with a consonant, so that "a" fits. */
export const things: readonly string[] =
  'lamp book key coat hat watch knife drum bike ball clock ladder tent mirror phone guitar'.split(' ');

/** Things that are counted; the plural is the singular plus `s`. */
export const countables: readonly string[] = 'apple pear egg coin stamp card shell marble cookie stone'.split(
  ' ',
);

export const containers: readonly string[] = 'box bag basket jar bowl'.split(' ');

export const colours: readonly string[] = 'red blue green black white brown'.split(' ');

export const places: readonly string[] = 'market park library station school beach garden museum'.split(' ');

export const days: readonly string[] = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

export const foods: readonly string[] = 'soup rice bread fish pasta salad'.split(' ');

export const drinks: readonly string[] = 'tea milk water juice'.split(' ');

export const excuses: readonly string[] = 'ill busy tired late'.split(' ');

/** Plural of a countable or container. */
export const plural = (noun: string): string => (noun === 'box' ? 'boxes' : `${noun}s`);

/** `1 apple`, `3 apples`. */
export const count = (n: number, noun: string): string => `${n} ${n === 1 ? noun : plural(noun)}`;
