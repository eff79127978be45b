/** The people of the world, with the pronouns that the text uses for them. */
export interface Person {
  name: string;
  they: 'she' | 'he';
  them: 'her' | 'him';
}

const women =
  'Mia Anna Lucy Emma Sara Nina Rosa Clara Ella Ruth Jane Kate Lily Maya Zoe Iris Vera Olga Dora Tess';
const men = 'Tom Ben Max Leo Sam Paul Jack Noah Adam Eric Hugo Ivan Karl Luke Omar Pete Ralf Toby Will Finn';

export const people: readonly Person[] = [
  ...women.split(' ').map((name): Person => ({ name, they: 'she', them: 'her' })),
  ...men.split(' ').map((name): Person => ({ name, they: 'he', them: 'him' })),
];

/** Things that are owned, sold, lost and lent; every name starts with a consonant, so that "a" fits. */
export const things: readonly string[] = (
  'lamp book key bag coat hat cup ring watch map knife drum flute bike boat kite ball doll box basket blanket ' +
  'bottle brush bell chair table clock ladder hammer rope tent scarf mirror vase pencil letter wallet phone ' +
  'camera guitar radio shirt pillow bucket spoon puzzle poster ticket plant'
).split(' ');

/** Things that are counted; the plural is the singular plus `s`. */
export const countables: readonly string[] = (
  'apple pear plum egg nut coin stamp card shell button marble sweet cookie cake flower stone bead stick ' +
  'sticker carrot lemon nail pin feather'
).split(' ');

export const containers: readonly string[] = 'box bag basket jar bowl drawer packet crate'.split(' ');

export const colours: readonly string[] = 'red blue green yellow black white brown grey pink golden'.split(
  ' ',
);

export const places: readonly string[] = (
  'market park library station school beach garden museum bakery kitchen harbour theatre hospital forest bridge ' +
  'castle stadium farm cafe office'
).split(' ');

export const days: readonly string[] = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

export const foods: readonly string[] = 'soup rice bread fish pasta salad cheese stew pie beans'.split(' ');

export const drinks: readonly string[] = 'tea milk water juice coffee cocoa'.split(' ');

export const excuses: readonly string[] = 'ill busy tired late hurt'.split(' ');

/** Plural of a countable or container. */
export const plural = (noun: string): string => (noun === 'box' ? 'boxes' : `${noun}s`);

/** `1 apple`, `3 apples`. */
export const count = (n: number, noun: string): string => `${n} ${n === 1 ? noun : plural(noun)}`;
