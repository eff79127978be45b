import { ConfigError } from '../errors.ts';
import { Random } from './random.ts';

/** Width and height of an image, and width of the glyph that lies in it. */
const SIDE = 8;
const WIDTH = 5;

/** The digits 0 to 9 side by side, row by row. */
const glyphs = [
  '.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.',
  '#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...#',
  '#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#',
  '#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####',
  '##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#',
  '#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.',
  '.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##..',
];

/** Images of digits and what they show, to be given as `data`. */
export interface Digits {
  /** One image a row: 64 values, 0 paper to 1 ink, row by row; noise goes beyond. */
  x: number[][];
  /** The digit, 0 to 9. */
  y: number[];
}

/** How {@link digits} draws. */
export interface DigitsOptions {
  /** Images; defaults to 512. */
  count?: number;
  /** Image i of a seed is always the same; defaults to 0. */
  seed?: number;
  /** Standard deviation of the noise on every pixel; defaults to 0.2. */
  noise?: number;
}

/**
 * Handwriting for examples, made up on the spot: 5 x 7 glyphs in 8 x 8 pixels, shifted by up to one, of varying ink, under noise. Digits are equally
 * often. Take other seeds for training and test.
 */
export function digits({ count = 512, seed = 0, noise = 0.2 }: DigitsOptions = {}): Digits {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new ConfigError(`count is ${count}; give a whole number of images from 1 on.`);
  }
  if (!(noise >= 0 && noise < Infinity)) throw new ConfigError(`noise is ${noise}; it must be 0 or more.`);
  const y = Array.from({ length: count }, (_, i) => i % 10);
  return { x: y.map((digit, i) => image(digit, noise, new Random('digit', seed, i))), y };
}

function image(digit: number, noise: number, random: Random): number[] {
  const [left, top] = [1 + random.below(2), random.below(2)];
  const ink = 0.7 + 0.3 * unit(random);
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [column, row] = [(i % SIDE) - left, Math.floor(i / SIDE) - top];
    return (isInk(digit, column, row) ? ink : 0) + noise * normal(random);
  });
}

function isInk(digit: number, column: number, row: number): boolean {
  if (column < 0 || column >= WIDTH) return false;
  return glyphs[row]?.[digit * (WIDTH + 1) + column] === '#';
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - unit(random))) * Math.cos(2 * Math.PI * unit(random));
}

const unit = (random: Random): number => random.uint32() / 2 ** 32;
