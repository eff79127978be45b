// Runs a copy of a notebook in a live JupyterLab: figures are drawn by our extension, also after saving and reloading,
// also where the notebook is not trusted.
// usage: node test/browser/lab.mjs [notebooks/quickstart.ipynb]
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findLab, startLab } from '../../scripts/lib/jupyter.mjs';
import { root } from '../../scripts/lib/parts.mjs';
import { openBrowser, report, waitForDarkFigures } from './browser.mjs';

const PLOTLY = 'application/vnd.plotly.v1+json';
const RUN_MS = 600_000;

const source = resolve(process.argv[2] ?? join(root, 'notebooks/quickstart.ipynb'));
const name = basename(source, '.ipynb');
const folder = join(root, 'out/lab');
const screens = join(root, 'out/screens');
for (const path of [folder, screens]) mkdirSync(path, { recursive: true });
// A state of its own: a theme or layout that the user chose is neither used nor changed.
const home = join(folder, 'home');
rmSync(home, { recursive: true, force: true });
const copy = join(folder, `${name}.ipynb`);
const untrusted = join(folder, `${name}-untrusted.ipynb`);
copyFileSync(source, copy);

const readNotebook = () => JSON.parse(readFileSync(copy, 'utf8'));
const outputs = () => readNotebook().cells.flatMap((cell) => cell.outputs ?? []);

const port = await new Promise((done) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = probe.address();
    probe.close(() => done(free));
  });
});
const token = randomUUID();
const log = join(folder, 'server.log');
const out = openSync(log, 'w');
const server = startLab(findLab(), copy, {
  browser: false,
  port,
  home,
  extra: [
    `--IdentityProvider.token=${token}`,
    '--LabApp.expose_app_in_browser=True',
    '--ServerApp.port_retries=0',
  ],
  stdio: ['ignore', out, out],
});
const ended = new Promise((done) => server.once('exit', done));

async function waitForServer() {
  for (let tries = 0; tries < 300; tries++) {
    const reply = await fetch(`http://127.0.0.1:${port}/api?token=${token}`).catch(() => undefined);
    if (reply?.ok) return;
    if (server.exitCode !== null) break;
    await sleep(200);
  }
  throw new Error(`JupyterLab did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
}

const browser = await openBrowser();

async function openNotebook(path) {
  const page = await browser.page({ viewport: { width: 1400, height: 1200 } });
  await page.goto(`http://127.0.0.1:${port}/lab/tree/out/lab/${basename(path)}?token=${token}&reset`);
  await ready(page);
  return page;
}

async function ready(page) {
  await page.waitForSelector('.jp-Notebook', { timeout: 90_000 });
  await page.waitForFunction(
    () => globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle',
    null,
    { timeout: 90_000 },
  );
}

/** Waits until as many figures are drawn as the notebook has; what was drawn. */
async function drawnFigures(page, expected) {
  const count = () =>
    page.evaluate(
      () =>
        [...document.querySelectorAll('.jp-Notebook .hi-zfo-figure')].filter((figure) =>
          figure.querySelector('.main-svg, canvas'),
        ).length,
    );
  for (let tries = 0; tries < 60 && (await count()) < expected; tries++) await sleep(500);
  assert.equal(await count(), expected, 'figures drawn');
}

/** A window as high as the notebook, so that a screenshot shows all of it. */
async function screenshot(page, file) {
  // Cells out of sight have guessed heights until they have been seen once.
  for (let round = 0; round < 3; round++) {
    const height = await page.evaluate(() => {
      const panel = document.querySelector('.jp-WindowedPanel-outer');
      panel.scrollTop = 0;
      return panel.scrollHeight;
    });
    await page.setViewportSize({ width: 1400, height: Math.min(height + 120, 16_000) });
    await page.waitForTimeout(1000);
  }
  await page.screenshot({ path: join(screens, file) });
}

const command = (page, id) => page.evaluate((command) => globalThis.jupyterapp.commands.execute(command), id);

let page;
let figures = 0;
try {
  await waitForServer();
  page = await openNotebook(copy);
  await report({
    'all cells run, none fails': async () => {
      const start = performance.now();
      const late = sleep(RUN_MS, 'late', { ref: false });
      assert.notEqual(
        await Promise.race([command(page, 'notebook:run-all-cells'), late]),
        'late',
        'still running',
      );
      await page.waitForTimeout(1500);
      await command(page, 'docmanager:save');
      await page.waitForTimeout(1000);
      const failed = outputs().filter(({ output_type: type }) => type === 'error');
      assert.deepEqual(
        failed.map(({ ename, evalue }) => `${ename}: ${evalue}`),
        [],
      );
      figures = outputs().filter(({ data }) => data && PLOTLY in data).length;
      assert.ok(figures > 0, 'the notebook has no figure');
      console.log(`        ${figures} figures, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    },
    'figures are drawn live': async () => {
      await drawnFigures(page, figures);
      await screenshot(page, `${name}-lab.png`);
    },
    'every figure is saved with its still': () => {
      const without = outputs().filter(({ data }) => data && PLOTLY in data && !data['image/png']);
      assert.equal(without.length, 0, `${without.length} of ${figures} have none`);
    },
    'figures are drawn after a reload': async () => {
      await page.reload();
      await ready(page);
      await drawnFigures(page, figures);
      await screenshot(page, `${name}-lab-reload.png`);
    },
    'figures follow the dark theme': async () => {
      await page.evaluate(() =>
        globalThis.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' }),
      );
      await waitForDarkFigures(page);
      await screenshot(page, `${name}-lab-dark.png`);
      await page.evaluate(() =>
        globalThis.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' }),
      );
    },
    'figures are drawn where nothing is trusted': async () => {
      const notebook = readNotebook();
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
      page = await openNotebook(untrusted);
      await drawnFigures(page, figures);
    },
    'no complaint in the console': () => {
      // Lab itself asks for settings of plugins that are not there.
      const own = browser.complaints.filter((text) => !/Failed to load resource|favicon/.test(text));
      assert.deepEqual(own, []);
    },
  });
} finally {
  await browser.close();
  server.kill('SIGTERM');
  if ((await Promise.race([ended, sleep(8000, 'late', { ref: false })])) === 'late') server.kill('SIGKILL');
  rmSync(untrusted, { force: true });
}
