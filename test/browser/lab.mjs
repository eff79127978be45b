// Runs a copy of a notebook in a live JupyterLab: figures are drawn by our extension, also after saving and reloading,
// also where the notebook is not trusted.
// usage: node test/browser/lab.mjs [notebooks/quickstart.ipynb]
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { findLab } from '../../scripts/lib/jupyter.mjs';
import { root } from '../../scripts/lib/parts.mjs';
import { report, waitForDarkFigures } from './browser.mjs';
import { startFrontEnd } from './front-end.mjs';

const RUN_MS = 600_000;

const source = resolve(process.argv[2] ?? join(root, 'notebooks/quickstart.ipynb'));
const name = basename(source, '.ipynb');
const lab = await startFrontEnd(findLab(), 'lab', source);
const untrusted = lab.copy.replace(/\.ipynb$/, '-untrusted.ipynb');
const theme = (page, to) => lab.command(page, 'apputils:change-theme', { theme: `JupyterLab ${to}` });

let page;
let figures = 0;
try {
  await lab.waitForServer();
  page = await lab.open();
  await report({
    'all cells run, none fails': async () => {
      const start = performance.now();
      figures = await lab.runAll(page, RUN_MS);
      console.log(`        ${figures} figures, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    },
    'figures are drawn live': async () => {
      await lab.drawnFigures(page, figures);
      await lab.screenshot(page, `${name}-lab.png`);
    },
    'a table sorts by a click on a column': async () => {
      const head = page.locator('[id^=hi-zfo-table] th').first();
      if ((await head.count()) === 0) return console.log('        no table in this notebook');
      await head.scrollIntoViewIfNeeded();
      await head.click();
      assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    },
    'every figure is saved with its still': () => lab.everyFigureHasItsStill(),
    'the saved notebook is under 3 MB': () => lab.theSavedNotebookIsSmall(),
    'figures are drawn after a reload': async () => {
      await page.reload();
      await lab.ready(page);
      await lab.drawnFigures(page, figures);
      await lab.screenshot(page, `${name}-lab-reload.png`);
    },
    'figures follow the dark theme': async () => {
      await theme(page, 'Dark');
      await waitForDarkFigures(page);
      await lab.screenshot(page, `${name}-lab-dark.png`);
      await theme(page, 'Light');
    },
    'figures are drawn where nothing is trusted': async () => {
      const notebook = lab.readNotebook();
      for (const cell of notebook.cells) delete cell.metadata.trusted;
      notebook.cells.unshift({
        cell_type: 'code',
        id: 'untrusted',
        metadata: {},
        source: '',
        outputs: [
          { output_type: 'display_data', metadata: {}, data: { 'text/html': '<b id="html">not safe</b>' } },
        ],
        execution_count: null,
      });
      writeFileSync(untrusted, JSON.stringify(notebook));
      await page.close();
      page = await lab.open(untrusted);
      await lab.drawnFigures(page, figures);
      const table = page.locator('.jp-RenderedHTML table').last();
      if ((await table.count()) > 0) assert.ok((await table.locator('td').count()) > 0, 'an empty table');
    },
    'no complaint in the console': () => lab.noComplaint(),
  });
} finally {
  await lab.stop();
  rmSync(untrusted, { force: true });
}
