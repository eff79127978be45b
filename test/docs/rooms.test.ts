import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const src = join(root, 'src');

/** The order that docs/decisions/0001-rooms.md gives. */
function order(): string[] {
  const text = readFileSync(join(root, 'docs', 'decisions', '0001-rooms.md'), 'utf8');
  const list = /from the rooms above it:\n\n([\s\S]*?)\./.exec(text)![1]!;
  return list.split(/,\s*/).map((name) => name.trim());
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
const roomOf = (file: string) => file.split(sep)[0]!.replace(/\.ts$/, '');

describe('rooms', () => {
  const rooms = order();

  it('are all there', () => {
    const found = new Set(files.map(roomOf));
    found.delete('index');
    expect([...found].sort()).toEqual([...rooms].sort());
  });

  it('import only from above', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const from = rooms.indexOf(roomOf(file));
      if (from < 0 || file.includes('assembly')) continue; // index.ts exports from everywhere
      const code = readFileSync(join(src, file), 'utf8');
      for (const [, path] of code.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)/g)) {
        if (!path) continue;
        const target = relative(src, normalize(join(src, dirname(file), path)));
        if (rooms.indexOf(roomOf(target)) > from) wrong.push(`${file} -> ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
