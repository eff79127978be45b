import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../src/notebook/export/markdown.ts';

const folder = join(import.meta.dirname, '..', '..', 'notebooks');
const course = [
  '01-what-is-a-zo-gradient',
  '02-why-training-works',
  '03-epsilon-and-rounding',
  '04-queries-and-directions',
  '05-generation-and-classification',
  '06-importance-and-budget',
  '07-the-step-by-hand',
  '08-live-panel',
  '09-your-own-model',
].map((name) => `${name}.ipynb`);
const there = readdirSync(folder).filter((name) => /^\d\d-.*\.ipynb$/.test(name));

/** What a pupil may import: the library, what it gives into one's hands (tables, tensors), and Node. */
const PUBLIC = /^(hi-zfo|arquero|@tensorflow\/tfjs|node:[\w/]+)$/;

interface Cell {
  cell_type: 'markdown' | 'code';
  source: string[];
  outputs?: unknown[];
  execution_count?: number | null;
}

it('the course is numbered, and its contents name every notebook', () => {
  expect(course).toEqual(expect.arrayContaining(there));
  const contents = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const name of there) expect(contents).toContain(`(${name})`);
});

describe.each(there)('%s', (name) => {
  const { cells } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { cells: Cell[] };
  const source = (type: Cell['cell_type']) =>
    cells.filter((c) => c.cell_type === type).map((c) => c.source.join(''));
  const prose = source('markdown');
  const code = source('code');

  it('is committed without outputs', () => {
    for (const cell of cells.filter((c) => c.cell_type === 'code'))
      expect([cell.outputs, cell.execution_count]).toEqual([[], null]);
  });

  it('explains more than it computes, and asks a question whose answer is folded away', () => {
    expect(prose[0]).toMatch(/^# /);
    expect(prose.join('').length).toBeGreaterThan(code.join('').length / 2);
    const page = prose.map(renderMarkdown).join('');
    expect(page).toMatch(/<details>\s*<summary>Answer<\/summary>\s*<p>/); // its Markdown is read too
    expect(page).toMatch(/<\/p>\s*<\/details>/);
  });

  it('imports what everybody can', () => {
    const imports = code.flatMap((c) =>
      [...c.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1]!),
    );
    expect(imports).toContain('hi-zfo');
    expect(imports.filter((name) => !PUBLIC.test(name))).toEqual([]);
  });

  it('links to what is there or will be in the course', () => {
    const links = prose.flatMap((p) => [...p.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((m) => m[1]!));
    expect(links.filter((link) => !course.includes(link) && !existsSync(join(folder, link)))).toEqual([]);
  });
});
