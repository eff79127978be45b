// A JupyterLab to use: one on the PATH, or one of our own in .venv/. Nothing is written into the user's home.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { root } from './parts.mjs';

const PINS = [
  'jupyterlab==4.6.6',
  'jupyter_server==2.21.1',
  'anywidget==0.11.0',
  'ipywidgets==8.1.9',
  'jupyterlab_widgets==3.0.17',
];
/** For tests only. */
const NOTEBOOK = 'notebook==7.6.5';
const OLDEST_PYTHON = [3, 10];

const windows = process.platform === 'win32';
const venv = join(root, '.venv');
export const venvPython = join(venv, windows ? 'Scripts/python.exe' : 'bin/python');
const stamp = join(venv, '.hi-zfo-pins');

/** No JupyterLab can be had; the message says why and what to do. */
export class NoLabError extends Error {}

const quiet = (program, args) =>
  spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function loud(program, args, hint) {
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: cleanEnvironment(),
  });
  if (status !== 0)
    throw new NoLabError(
      `${program} ${args.slice(0, 3).join(' ')} failed (${error?.message ?? `exit code ${status}`}). ${hint}`,
    );
}

/** The user's environment without what would lead Python to another one. */
function cleanEnvironment() {
  const env = { ...process.env };
  for (const name of ['PYTHONPATH', 'PYTHONHOME', 'VIRTUAL_ENV']) delete env[name];
  return env;
}

/** Version of the `jupyter lab` on the PATH; undefined when there is none. */
function labOnPath() {
  const { status, stdout } = quiet('jupyter', ['lab', '--version']);
  return status === 0 ? stdout.trim() : undefined;
}

/** The first Python that is new enough; throws with the versions that were found. */
function findPython() {
  const candidates = windows
    ? ['py', 'python']
    : ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  const found = [];
  for (const program of candidates) {
    const { status, stdout } = quiet(program, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (status !== 0) continue;
    const [major, minor] = stdout.trim().split('.').map(Number);
    if (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]) return program;
    found.push(`${program} ${stdout.trim()}`);
  }
  const got = found.length ? `found only ${found.join(', ')}` : 'found no Python';
  throw new NoLabError(
    `JupyterLab needs Python ${OLDEST_PYTHON.join('.')} or newer: ${got}. Install it from https://www.python.org (Debian, Ubuntu: sudo apt install python3 python3-venv) or install uv (https://docs.astral.sh/uv).`,
  );
}

function makeVenv() {
  const announce = () => console.log('  making .venv with JupyterLab (once, about a minute)');
  if (quiet('uv', ['--version']).status === 0) {
    announce();
    loud(
      'uv',
      ['venv', '-q', '--clear', '--python', `>=${OLDEST_PYTHON.join('.')}`, venv],
      'Is the disk full?',
    );
    loud(
      'uv',
      ['pip', 'install', '-q', '-p', venv, ...PINS],
      'It needs PyPI: check the network, or set UV_INDEX_URL.',
    );
    return;
  }
  const python = findPython();
  // Without ensurepip a half-made environment would stay behind.
  if (quiet(python, ['-c', 'import venv, ensurepip']).status !== 0)
    throw new NoLabError(
      `${python} cannot make virtual environments (its module venv or ensurepip is missing). Debian, Ubuntu: sudo apt install python3-venv; or install uv (https://docs.astral.sh/uv).`,
    );
  announce();
  loud(python, ['-m', 'venv', '--clear', venv], 'Is the disk full?');
  const pip = ['-m', 'pip', 'install', '-q', '--no-input', '--disable-pip-version-check', ...PINS];
  loud(venvPython, pip, 'It needs PyPI: check the network or the proxy, or set PIP_INDEX_URL.');
}

/** Python of our own environment, made if it is missing or has other versions. */
export function ensureVenv() {
  const wanted = createHash('sha256').update(PINS.join()).digest('hex');
  const has = existsSync(venvPython) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (!has) {
    makeVenv();
    writeFileSync(stamp, wanted);
  }
  return venvPython;
}

/** Installs further Python packages, `name==version`, into our own environment; its Python. */
export function addToVenv(packages) {
  const python = ensureVenv();
  const hint = 'It needs PyPI: check the network.';
  if (quiet(python, ['-m', 'pip', '--version']).status === 0)
    loud(
      python,
      ['-m', 'pip', 'install', '-q', '--no-input', '--disable-pip-version-check', ...packages],
      hint,
    );
  else loud('uv', ['pip', 'install', '-q', '-p', venv, ...packages], hint);
  return python;
}

/** Program and first arguments that start a JupyterLab of version 4. */
export function findLab() {
  const version = labOnPath();
  if (version !== undefined && Number.parseInt(version, 10) >= 4) {
    console.log(`  JupyterLab ${version} from the PATH`);
    return ['jupyter', 'lab'];
  }
  return [ensureVenv(), '-m', 'jupyterlab'];
}

/** Environment in which Jupyter finds our kernel and extension and writes into `home` only. */
export function jupyterEnvironment(home = join(root, '.jupyter')) {
  const own = (name) => join(home, name);
  return {
    ...cleanEnvironment(),
    // The kernelspec says just `node`: it must be this one.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    JUPYTER_PATH: join(root, 'jupyter'),
    JUPYTER_CONFIG_PATH: join(root, 'jupyter/config'),
    JUPYTER_CONFIG_DIR: own('config'),
    JUPYTER_DATA_DIR: own('data'),
    JUPYTER_RUNTIME_DIR: own('runtime'),
    IPYTHONDIR: own('ipython'),
    JUPYTERLAB_SETTINGS_DIR: own('settings'),
    JUPYTERLAB_WORKSPACES_DIR: own('workspaces'),
    JUPYTER_PREFER_ENV_PATH: '1',
  };
}

/** Program and first arguments that start a Notebook 7 in our own environment. */
export function findNotebook() {
  const python = ensureVenv();
  if (quiet(python, ['-c', 'import notebook']).status !== 0) addToVenv([NOTEBOOK]);
  return [python, '-m', 'notebook'];
}

/** What differs between the two front ends: their settings, and the page of a notebook. */
const FRONT_ENDS = {
  lab: { app: 'LabApp', page: '/lab/tree/' },
  notebook: { app: 'JupyterNotebookApp', page: '/notebooks/' },
};

/** Folder that the server shows, and the notebook's page below the server's address. */
export function pageOf(notebook, frontEnd = 'lab') {
  const inside = !relative(root, resolve(notebook)).startsWith('..');
  const folder = inside ? root : dirname(resolve(notebook));
  const path = relative(folder, resolve(notebook)).split(/[\\/]/).map(encodeURIComponent).join('/');
  return { folder, page: FRONT_ENDS[frontEnd].page + path };
}

/**
 * Starts JupyterLab (or Notebook 7: `frontEnd: 'notebook'`) at a notebook; the process. `extra` are arguments for it,
 * `home` holds its state, `exposed` lets tests reach the application in the page.
 */
export function startLab(command, notebook, options = {}) {
  const {
    browser = true,
    port,
    home,
    extra = [],
    stdio = 'inherit',
    frontEnd = 'lab',
    exposed = false,
  } = options;
  const { folder, page } = pageOf(notebook, frontEnd);
  const { app } = FRONT_ENDS[frontEnd];
  const [program, ...first] = command;
  const args = [
    ...first,
    `--ServerApp.root_dir=${folder}`,
    '--KernelSpecManager.ensure_native_kernel=False',
    '--MultiKernelManager.default_kernel_name=hi-zfo',
    `--${app}.default_url=${page}`,
    ...(exposed ? [`--${app}.expose_app_in_browser=True`] : []),
    ...(browser ? [] : ['--no-browser']),
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
    ...extra,
  ];
  return spawn(program, args, { cwd: root, env: jupyterEnvironment(home), stdio });
}
