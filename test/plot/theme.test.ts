import { describe, expect, it } from 'vitest';
import { axis, colours, familyColours, frame, NEUTRAL } from '../../src/plot/theme.ts';

/**
 * What people with no long-, middle- or short-wave cones see, on linear RGB: Machado, Oliveira and Fernandes, "A
 * physiologically-based model for simulation of color vision deficiency", IEEE TVCG 15(6), 2009, severity 1.0.
 */
const SIGHT: Record<string, number[][]> = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}; // prettier-ignore

const channels = (hex: string) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255);
const linear = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const times = (matrix: number[][], v: number[]) =>
  matrix.map((row) => row.reduce((sum, m, i) => sum + m * v[i]!, 0));

/** A colour as seen, in CIE Lab (D65). */
function seen(hex: string, sight: number[][]): number[] {
  const rgb = times(sight, channels(hex).map(linear)).map((c) => Math.min(1, Math.max(0, c)));
  const xyz = times([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]], rgb); // prettier-ignore
  const [x, y, z] = xyz
    .map((c, i) => c / [0.95047, 1, 1.08883][i]!)
    .map((t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: string, b: string, sight: number[][]) => {
  const [p, q] = [seen(a, sight), seen(b, sight)];
  return Math.hypot(...p.map((x, i) => x - q[i]!));
};

const luminance = (hex: string) => {
  const [r, g, b] = channels(hex).map(linear) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
/** Contrast by WCAG 2. */
const contrast = (a: string, b: string) => {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

it('the measures are right', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6);
  expect(seen('#ffffff', SIGHT.usual!)[0]).toBeCloseTo(100, 1);
  // Red and green of equal lightness, the classic trap.
  expect(distance('#c75b5b', '#7a8f2f', SIGHT.usual!)).toBeGreaterThan(50);
  expect(distance('#c75b5b', '#7a8f2f', SIGHT.deuteranopia!)).toBeLessThan(20);
});

/** Colours that stand in one figure without another mark (dash or symbol) to tell them apart. */
const together: Record<string, string[]> = {
  'labels of a partition': [colours.FO, colours.ZO, colours.frozen],
  losses: [colours.clean, colours.perturbed],
  'families of tensors': Object.values(familyColours),
  'measured beside the law': [colours.ZO, colours.law],
};

describe.each(Object.entries(SIGHT))('with %s', (_, sight) => {
  it.each(Object.entries(together))('%s are told apart', (_name, list) => {
    for (const [i, a] of list.entries())
      for (const b of list.slice(i + 1)) expect([a, b, distance(a, b, sight) > 20]).toEqual([a, b, true]);
  });
});

describe.each([
  ['white paper', '#ffffff', 2.2, 4.3],
  ['JupyterLab dark', '#111111', 3, 4.3],
  ['VS Code dark', '#1e1e1e', 3, 3.8],
])('on %s', (_, ground, marks, text) => {
  it('text and marks stand out, as pictures are transparent', () => {
    expect(contrast(NEUTRAL, ground)).toBeGreaterThan(text);
    for (const colour of [...Object.values(colours), ...Object.values(familyColours)])
      expect([colour, contrast(colour, ground) > marks]).toEqual([colour, true]);
  });
});

it('is read from the back of a room: no letter below 14 pixels', () => {
  const layout = frame({ title: 'Title', subtitle: ['line'] });
  expect(layout.font.size).toBeGreaterThanOrEqual(14);
  expect(layout.title.font.size).toBeGreaterThan(layout.font.size);
  expect(JSON.stringify([layout, axis('step')]).match(/"size":(\d+)|font-size:(\d+)/g)).toSatisfy(
    (sizes: string[]) => sizes.every((size) => Number(/\d+/.exec(size)![0]) >= 14),
  );
});
