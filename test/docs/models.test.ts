import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { supportedFamilies } from '../../src/model/index.ts';

it('docs/models.md has a row for every family', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'models.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(rows.sort()).toEqual([...supportedFamilies].sort());
});
