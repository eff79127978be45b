// npm start: everything from a fresh clone to an open notebook. Needs Node and nothing else.
import './lib/require-node.mjs';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import util from 'node:util';
import { headless } from './lib/headless.mjs';
import { install } from './lib/install.mjs';
import { findLab, NoLabError, startLab } from './lib/jupyter.mjs';
import { root } from './lib/parts.mjs';

const USAGE = `usage: npm start -- [options]

  Installs, builds, and opens the notebook in JupyterLab.

  --notebook PATH   another notebook than notebooks/quickstart.ipynb
  --headless        run it without Jupyter; writes out/NAME.ipynb and out/NAME.html
  --no-browser      start JupyterLab, open no browser
  --port N          port of JupyterLab
  --help            this text`;

function readArguments() {
  const options = {
    notebook: { type: 'string' },
    headless: { type: 'boolean' },
    'no-browser': { type: 'boolean' },
    port: { type: 'string' },
    help: { type: 'boolean' },
  };
  let values;
  try {
    ({ values } = util.parseArgs({ options }));
  } catch (error) {
    fail(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const { port } = values;
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65535))
    fail(`--port ${port} is not a port: give a number from 1 to 65535.`);
  const notebook = values.notebook ? resolve(values.notebook) : join(root, 'notebooks/quickstart.ipynb');
  if (!notebook.endsWith('.ipynb') || !existsSync(notebook)) fail(`There is no notebook ${notebook}.`);
  return { ...values, notebook };
}

function fail(message) {
  console.error(`start: ${message}`);
  process.exit(1);
}

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

async function open({ notebook, port, 'no-browser': noBrowser }, spent) {
  let lab;
  try {
    lab = findLab();
  } catch (error) {
    if (!(error instanceof NoLabError)) throw error;
    console.error(`\nNo JupyterLab: ${error.message}\n\nInstead the notebook runs here, without Jupyter.`);
    const ok = await headless(notebook, spent);
    if (ok) console.log('\nOpen the html file in a browser to see the figures.');
    return ok ? 0 : 1;
  }
  const child = startLab(lab, notebook, { browser: !noBrowser, port });
  // Ctrl-C reaches JupyterLab too, which asks whether to stop; this process ends with it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`start: JupyterLab did not start: ${error.message}`);
      done(1);
    });
    child.on('exit', (code) => done(code ?? 0));
  });
}

const args = readArguments();
try {
  console.log('Hi-ZFO: installing and building');
  const spent = { install: install() };
  spent.build = await timed(async () => (await import('./build.mjs')).buildAll());
  process.exitCode = args.headless
    ? (await headless(args.notebook, spent))
      ? 0
      : 1
    : await open(args, spent);
} catch (error) {
  console.error(`start: ${error.stack ?? error.message}`);
  process.exitCode = 1;
}
