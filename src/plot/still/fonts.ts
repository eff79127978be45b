import { createRequire } from 'node:module';
import opentype from 'opentype.js';

const packages = createRequire(import.meta.url);

/** The one family of stills: shipped with the package, so that a still looks the same on every machine. */
export const FAMILY = 'DejaVu Sans';

const FILES = {
  regular: 'DejaVuSans.ttf',
  bold: 'DejaVuSans-Bold.ttf',
  oblique: 'DejaVuSans-Oblique.ttf',
} as const;
export type Face = keyof typeof FILES;

/** Path of a face's font file. */
export function fontFile(face: Face): string {
  return packages.resolve(`dejavu-fonts-ttf/ttf/${FILES[face]}`);
}

export const fontFiles = (): string[] => (Object.keys(FILES) as Face[]).map(fontFile);

interface LoadedFace {
  font: opentype.Font;
  /** Advance of a character in em; figures draw the same few characters again and again. */
  advances: Map<string, number>;
}
const loaded = new Map<Face, LoadedFace>();

function load(face: Face): LoadedFace {
  let entry = loaded.get(face);
  if (!entry) loaded.set(face, (entry = { font: opentype.loadSync(fontFile(face)), advances: new Map() }));
  return entry;
}

/** Width of one line of text in pixels. */
export function textWidth(text: string, size: number, face: Face): number {
  const { font, advances } = load(face);
  let width = 0;
  for (const character of text) {
    let advance = advances.get(character);
    if (advance === undefined) {
      advance = (font.charToGlyph(character).advanceWidth ?? 0) / font.unitsPerEm;
      advances.set(character, advance);
    }
    width += advance;
  }
  return width * size;
}

/** Distance from the baseline to the top and to the bottom of a line, in em. */
export function lineMetrics(): { ascent: number; descent: number } {
  const { font } = load('regular');
  return { ascent: font.ascender / font.unitsPerEm, descent: -font.descender / font.unitsPerEm };
}
