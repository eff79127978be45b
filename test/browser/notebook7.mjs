// Runs a copy of a notebook in a live Notebook 7: the same extension draws the figures there.
// usage: node test/browser/notebook7.mjs [notebooks/quickstart.ipynb]
import { basename, join, resolve } from 'node:path';
import { findNotebook } from '../../scripts/lib/jupyter.mjs';
import { root } from '../../scripts/lib/parts.mjs';
import { report, waitForDarkFigures } from './browser.mjs';
import { startFrontEnd } from './front-end.mjs';

const RUN_MS = 600_000;

const source = resolve(process.argv[2] ?? join(root, 'notebooks/quickstart.ipynb'));
const name = basename(source, '.ipynb');
const notebook = await startFrontEnd(findNotebook(), 'notebook', source);

try {
  await notebook.waitForServer();
  const page = await notebook.open();
  let figures = 0;
  await report({
    'all cells run, none fails': async () => {
      const start = performance.now();
      figures = await notebook.runAll(page, RUN_MS);
      console.log(`        ${figures} figures, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    },
    'figures are drawn live': async () => {
      await notebook.drawnFigures(page, figures);
      await notebook.screenshot(page, `${name}-notebook.png`);
    },
    'every figure is saved with its still': () => notebook.everyFigureHasItsStill(),
    'the saved notebook is under 3 MB': () => notebook.theSavedNotebookIsSmall(),
    'figures are drawn after a reload': async () => {
      await page.reload();
      await notebook.ready(page);
      await notebook.drawnFigures(page, figures);
    },
    'figures follow the dark theme': async () => {
      await notebook.command(page, 'apputils:change-theme', { theme: 'JupyterLab Dark' });
      await waitForDarkFigures(page);
      await notebook.screenshot(page, `${name}-notebook-dark.png`);
    },
    'no complaint in the console': () => notebook.noComplaint(),
  });
} finally {
  await notebook.stop();
}
