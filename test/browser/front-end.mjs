// A real JupyterLab or Notebook 7 with a copy of a notebook, for the checks of this folder.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pageOf, startLab } from '../../scripts/lib/jupyter.mjs';
import { root } from '../../scripts/lib/parts.mjs';
import { openBrowser } from './browser.mjs';

const PLOTLY = 'application/vnd.plotly.v1+json';
const READY_MS = 90_000;
/** Bytes of a notebook with all its outputs. */
const LARGEST = 3_000_000;

async function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/**
 * Starts a front end and a browser.
 *
 * @param command - program and first arguments of the server
 * @param frontEnd - lab or notebook
 * @param source - the notebook; a copy of it is opened
 */
export async function startFrontEnd(command, frontEnd, source) {
  const folder = join(root, 'out', frontEnd);
  const screens = join(root, 'out/screens');
  for (const path of [folder, screens]) mkdirSync(path, { recursive: true });
  // A state of its own: a theme or layout that the user chose is neither used nor changed.
  const home = join(folder, 'home');
  rmSync(home, { recursive: true, force: true });
  const copy = join(folder, basename(source));
  copyFileSync(source, copy);
  const [port, token] = [await freePort(), randomUUID()];
  const log = join(folder, 'server.log');
  const out = openSync(log, 'w');
  const server = startLab(command, copy, {
    browser: false,
    port,
    home,
    frontEnd,
    exposed: true,
    extra: [`--IdentityProvider.token=${token}`, '--ServerApp.port_retries=0'],
    stdio: ['ignore', out, out],
  });
  const ended = new Promise((done) => server.once('exit', done));
  const browser = await openBrowser();

  const readNotebook = () => JSON.parse(readFileSync(copy, 'utf8'));
  const outputs = () => readNotebook().cells.flatMap((cell) => cell.outputs ?? []);
  const figuresOf = () => outputs().filter(({ data }) => data && PLOTLY in data);
  const execute = (page, id, args) =>
    page.evaluate(([name, given]) => globalThis.jupyterapp.commands.execute(name, given), [id, args]);

  async function waitForServer() {
    for (let tries = 0; tries < 300; tries++) {
      const reply = await fetch(`http://127.0.0.1:${port}/api?token=${token}`).catch(() => undefined);
      if (reply?.ok) return;
      if (server.exitCode !== null) break;
      await sleep(200);
    }
    throw new Error(`the server did not start:\n${readFileSync(log, 'utf8').slice(-3000)}`);
  }

  /** Waits until the notebook's kernel is idle. */
  async function ready(page) {
    await page.waitForSelector('.jp-Notebook', { timeout: READY_MS });
    await page.waitForFunction(
      () => globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle',
      null,
      { timeout: READY_MS },
    );
  }

  return {
    browser,
    screens,
    copy,
    readNotebook,
    outputs,
    ready,
    waitForServer,
    command: execute,

    /** A page with the notebook; without `wait` its kernel may be busy. */
    async open(path = copy, { wait = true } = {}) {
      const page = await browser.page({ viewport: { width: 1400, height: 1200 } });
      const reset = frontEnd === 'lab' ? '&reset' : '';
      await page.goto(`http://127.0.0.1:${port}${pageOf(path, frontEnd).page}?token=${token}${reset}`);
      if (wait) await ready(page);
      return page;
    },

    /** Runs every cell and saves; the number of figures. */
    async runAll(page, limit) {
      const late = sleep(limit, 'late', { ref: false });
      const run = execute(page, 'notebook:run-all-cells');
      assert.notEqual(await Promise.race([run, late]), 'late', 'still running');
      await page.waitForTimeout(1500);
      await execute(page, 'docmanager:save');
      await page.waitForTimeout(1000);
      const failed = outputs().filter(({ output_type: type }) => type === 'error');
      assert.deepEqual(
        failed.map(({ ename, evalue }) => `${ename}: ${evalue}`),
        [],
      );
      assert.ok(figuresOf().length > 0, 'the notebook has no figure');
      return figuresOf().length;
    },

    /** Waits until as many figures are drawn as the notebook has. */
    async drawnFigures(page, expected) {
      const count = () =>
        page.evaluate(
          () =>
            [...document.querySelectorAll('.jp-Notebook .hi-zfo-figure')].filter((figure) =>
              figure.querySelector('.main-svg, canvas'),
            ).length,
        );
      for (let tries = 0; tries < 60 && (await count()) < expected; tries++) await sleep(500);
      assert.equal(await count(), expected, 'figures drawn');
    },

    /** A window as high as the notebook, so that a screenshot shows all of it. */
    async screenshot(page, file) {
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
    },

    everyFigureHasItsStill() {
      const without = figuresOf().filter(({ data }) => !data['image/png']);
      assert.equal(without.length, 0, `${without.length} of ${figuresOf().length} have none`);
    },

    theSavedNotebookIsSmall() {
      const { size } = statSync(copy);
      assert.ok(size < LARGEST, `${(size / 1e6).toFixed(2)} MB`);
      console.log(`        ${(size / 1e6).toFixed(2)} MB`);
    },

    noComplaint() {
      // The front ends themselves ask for settings of plugins that are not there, and Notebook 7 stumbles over one: it
      // does so with a bare installation and an empty notebook too.
      const theirs = /Failed to load resource|favicon|reading 'schema'[^]*notebook_core/;
      const own = browser.complaints.filter((text) => !theirs.test(text));
      assert.deepEqual(own, []);
    },

    async stop() {
      await browser.close();
      server.kill('SIGTERM');
      if ((await Promise.race([ended, sleep(8000, 'late', { ref: false })])) === 'late')
        server.kill('SIGKILL');
    },
  };
}
