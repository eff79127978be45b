// The notebook that the checks of the live panel work in.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/parts.mjs';

const OPEN = `import { open } from 'hi-zfo';
const s = await open({ model: 'tiny', task: 'label', seed: 1, batchSize: 4, show: false });
await s.profile();
const split = await s.partition({ rho: 0.6 });`;

const cell = (source, n) => ({
  cell_type: 'code',
  id: `live${n}`,
  metadata: {},
  execution_count: null,
  outputs: [],
  source,
});

/** Writes a notebook that opens a session and shows its panel, with an empty cell below; the file. */
export function writeNotebook(name) {
  const folder = join(root, 'out');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.ipynb`);
  const notebook = {
    cells: [OPEN, 's.panel()', ''].map(cell),
    metadata: {
      kernelspec: { display_name: 'TypeScript (Hi-ZFO)', language: 'typescript', name: 'hi-zfo' },
      language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'application/typescript' },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(file, JSON.stringify(notebook, null, 1));
  return file;
}
