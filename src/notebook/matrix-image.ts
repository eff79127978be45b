import { colours } from '../plot/theme.ts';
import { encodePng } from '../plot/still/png.ts';

/** Cells at most, and pixels of the picture, about. */
const ROWS = 96;
const COLUMNS = 128;
const WIDTH = 384;
const LARGEST_CELL = 16;

export interface MatrixImage {
  png: Buffer;
  width: number;
  height: number;
  /** Rows and columns of the matrix behind one cell, whose values are averaged. */
  block: [rows: number, columns: number];
  /** The value with the full colour. */
  limit: number;
}

const rgb = (hex: string): number[] => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
const POSITIVE = rgb(colours.alarm);
const NEGATIVE = rgb(colours.FO);
const NOT_FINITE = [...rgb(colours.perturbed), 255];

/**
 * A matrix as a small picture: positive values orange, negative blue, the fainter the nearer to zero, on a transparent
 * ground. A cell with a value that is not finite is pink.
 */
export function matrixImage(values: ArrayLike<number>, rows: number, columns: number): MatrixImage {
  const block: [number, number] = [Math.ceil(rows / ROWS), Math.ceil(columns / COLUMNS)];
  const [down, across] = [Math.ceil(rows / block[0]), Math.ceil(columns / block[1])];
  const sums = new Float64Array(down * across);
  const counts = new Uint32Array(down * across);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const cell = Math.floor(r / block[0]) * across + Math.floor(c / block[1]);
      sums[cell]! += values[r * columns + c]!;
      counts[cell]!++;
    }
  const means = sums.map((sum, i) => sum / counts[i]!);
  const limit = means.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const side = Math.max(1, Math.min(LARGEST_CELL, Math.floor(WIDTH / across)));
  const [width, height] = [across * side, down * side];
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = means[Math.floor(y / side) * across + Math.floor(x / side)]!;
      const share = limit > 0 ? Math.abs(value) / limit : 0;
      const colour = Number.isFinite(value)
        ? [...(value < 0 ? NEGATIVE : POSITIVE), 255 * share]
        : NOT_FINITE;
      pixels.set(colour, 4 * (y * width + x));
    }
  return { png: encodePng(pixels, width, height), width, height, block, limit };
}
