import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WIDGET_MANAGER } from '../../src/cli/kernel/content.ts';
import { doctorText, examine } from '../../src/cli/kernel/doctor.ts';
import { atLeast, type Finding, type Patient } from '../../src/cli/kernel/finding.ts';
import { builtKernel, repository } from '../kernel/kernel-under-test.ts';

const top = mkdtempSync(join(tmpdir(), 'hi-zfo-doctor-test-'));
afterAll(() => rmSync(top, { recursive: true }));

/** Writes files into a folder: text, or JSON where an object is given. */
function put(folder: string, files: Record<string, string | object>): void {
  for (const [path, value] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof value === 'string' ? value : JSON.stringify(value));
  }
}

let count = 0;
let machine: string;
let patient: Patient;

/** Gives the machine a program. */
function program(name: string, lines: string): void {
  put(machine, { [`bin/${name}`]: `#!/bin/sh\n${lines}\n` });
  chmodSync(join(machine, 'bin', name), 0o755);
}

/** A Jupyter that says what its files say. */
function jupyter(versions: string, argv: string[] | undefined): void {
  const spec = { resource_dir: join(machine, 'share/kernels/hi-zfo'), spec: { argv } };
  put(machine, {
    'bin/versions': versions,
    'bin/paths': { data: [join(machine, 'share')], config: [join(machine, 'etc')] },
    'bin/specs': { kernelspecs: argv ? { 'hi-zfo': spec } : { python3: {} } },
  });
  program(
    'jupyter',
    'cd "$(dirname "$0")"\ncase "$*" in --version) cat versions;; "--paths --json") cat paths;; "kernelspec list --json") cat specs;; esac',
  );
}

const LAB =
  'Selected Jupyter core packages...\nipywidgets : 8.1.9\njupyterlab : 4.6.6\nnotebook : not installed\n';
const widgets = {
  'share/labextensions/anywidget/package.json': { version: '0.11.0' },
  'share/labextensions/@jupyter-widgets/jupyterlab-manager/package.json': { version: '5.0.16' },
};

/** The folder of a package that needs no build of the library. */
function packageFolder(tslab?: string): string {
  const root = join(machine, 'package');
  put(root, {
    'package.json': { name: 'hi-zfo', version: '1.0.0', dependencies: { tslab: '1.0.22' } },
    'dist/index.cjs': '',
    'dist/still-worker.mjs': '',
  });
  cpSync(join(repository, 'dist/kernel'), join(root, 'dist/kernel'), { recursive: true });
  if (tslab === undefined) symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  else if (tslab !== '') put(root, { 'node_modules/tslab/package.json': { name: 'tslab', version: tslab } });
  return root;
}

beforeAll(() => builtKernel());
beforeEach(() => {
  machine = join(top, String(count++));
  const root = packageFolder();
  // Nothing of the real machine but the shell's own tools, and no home.
  patient = {
    root,
    env: { PATH: `${join(machine, 'bin')}:/usr/bin:/bin`, JUPYTER_DATA_DIR: join(machine, 'user') },
    node: { version: process.versions.node, path: process.execPath },
    jupyter: 'jupyter',
  };
  jupyter(LAB, [
    process.execPath,
    join(root, 'dist/kernel/main.mjs'),
    '--connection-file',
    '{connection_file}',
  ]);
  put(machine, {
    ...widgets,
    'share/labextensions/hi-zfo-plotly/package.json': { version: '0.1.0' },
    'share/labextensions/hi-zfo-plotly/static/plotly.min.js': '',
    'etc/labconfig/default_setting_overrides.d/hi-zfo.json': { [WIDGET_MANAGER]: { saveState: true } },
  });
});

/** The finding of a name; the kernel itself is started only where that is asked for. */
async function finding(name: string, changes: Partial<Patient> = {}): Promise<Finding> {
  const asleep = name === 'kernel' ? {} : { node: { version: '18.0.0', path: patient.node.path } };
  const findings = await examine({ ...patient, ...asleep, ...changes });
  return findings.find((each) => each.name === name)!;
}

describe('the doctor', () => {
  it('finds a healthy machine in order', async () => {
    const findings = await examine(patient);
    expect(findings.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'node ok',
      'package ok',
      'tslab ok',
      'zeromq ok',
      'kernel ok',
      'jupyter ok',
      'kernelspec ok',
      'its command ok',
      'figures ok',
      'anywidget ok',
      'saved panels ok',
    ]);
    expect(doctorText(findings)).toMatch(/started and ran a cell[^]*The kernel is in order\.$/);
  });

  it('node too old', async () => {
    const node = { version: '18.20.0', path: '/usr/bin/node' };
    expect(await finding('node', { node })).toMatchObject({
      state: 'wrong',
      todo: expect.stringContaining('Install Node 20.19.0') as string,
    });
    expect(await finding('kernel', { node })).toMatchObject({
      state: 'skipped',
      found: 'cannot start without node',
    });
  });

  it('the package not built', async () => {
    rmSync(join(patient.root, 'dist/kernel/main.mjs'));
    expect(await finding('package')).toMatchObject({
      state: 'wrong',
      todo: expect.stringContaining('npm run build') as string,
    });
  });

  it.each([
    ['missing', '', /Cannot find module 'tslab/],
    ['of another version', '1.0.23', /version 1\.0\.23, needed is 1\.0\.22/],
    ['of the right version, broken', '1.0.22', /Cannot find module 'tslab\/dist/],
  ])('tslab %s', async (_, version, found) => {
    rmSync(patient.root, { recursive: true });
    packageFolder(version);
    const tslab = await finding('tslab');
    expect(tslab).toMatchObject({ state: 'wrong', todo: expect.stringContaining('npm install') as string });
    expect(tslab.found).toMatch(found);
  });

  it('zeromq missing', async () => {
    rmSync(patient.root, { recursive: true });
    packageFolder('1.0.22');
    expect(await finding('zeromq')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('does not load') as string,
    });
  });

  it('a kernel that does not start', async () => {
    put(patient.root, { 'dist/kernel/main.mjs': "console.error('no luck'); process.exit(4);" });
    const kernel = await finding('kernel');
    expect(kernel).toMatchObject({ state: 'wrong', found: 'the kernel has ended (exit code 4)' });
    expect(kernel.todo).toContain(join(patient.root, 'dist/kernel/main.mjs'));
  });

  it('jupyter missing', async () => {
    rmSync(join(machine, 'bin/jupyter'));
    const env = { ...patient.env, PATH: join(machine, 'bin') };
    expect(await finding('jupyter', { env })).toMatchObject({
      state: 'wrong',
      todo: expect.stringContaining('pip install jupyterlab') as string,
    });
    expect(await finding('kernelspec', { env })).toMatchObject({ state: 'skipped' });
  });

  it.each([
    ['jupyterlab : 3.6.1\nnotebook : 6.5.2', 'wrong', /JupyterLab 3\.6\.1, Notebook 6\.5\.2: figures need/],
    ['jupyterlab : not installed\nnotebook : not installed', 'wrong', /neither JupyterLab nor Notebook/],
    ['notebook : 7.0.0', 'ok', /^Notebook 7/],
  ])('jupyter with %j', async (versions, state, found) => {
    jupyter(versions, undefined);
    const { state: is, found: says } = await finding('jupyter');
    expect(is).toBe(state);
    expect(says).toMatch(found);
  });

  it('the kernelspec missing', async () => {
    jupyter(LAB, undefined);
    expect(await finding('kernelspec')).toMatchObject({
      state: 'wrong',
      found: `this Jupyter has no kernel hi-zfo; it looks in ${join(machine, 'share/kernels')}`,
      todo: 'hi-zfo kernel install --user',
    });
  });

  it.each([
    ['its node gone', ['/no/such/node', 'main.mjs'], 'wrong', /\/no\/such\/node is not there/],
    ['its kernel gone', [process.execPath, '/moved/main.mjs'], 'wrong', /there is no \/moved\/main\.mjs/],
    ['no kernel in it', [process.execPath], 'wrong', /no kernel in its argv/],
    [
      'another copy',
      [process.execPath, join(repository, 'dist/kernel/main.mjs')],
      'warning',
      /starts another copy/,
    ],
  ])('the kernelspec with %s', async (_, argv, state, found) => {
    jupyter(LAB, argv);
    const command = await finding('its command');
    expect(command.state).toBe(state);
    expect(command.found).toMatch(found);
    expect(command.todo).toContain('hi-zfo kernel install');
  });

  it('the kernelspec with a node too old', async () => {
    program('old-node', 'echo v16.1.0');
    jupyter(LAB, [join(machine, 'bin/old-node'), join(patient.root, 'dist/kernel/main.mjs')]);
    expect(await finding('its command')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('Node 16.1.0') as string,
    });
  });

  it('the extension missing', async () => {
    rmSync(join(machine, 'share/labextensions/hi-zfo-plotly/static/plotly.min.js'));
    expect(await finding('figures')).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('still pictures') as string,
    });
  });

  it('anywidget missing is a warning that says what is lost', async () => {
    rmSync(join(machine, 'share/labextensions/anywidget'), { recursive: true });
    const found = await finding('anywidget');
    expect(found.state).toBe('warning');
    expect(found.found).toContain('no live panel');
    expect(found.todo).toContain('pip install anywidget');
  });

  it('anywidget too old', async () => {
    put(machine, { 'share/labextensions/anywidget/package.json': { version: '0.6.5' } });
    expect(await finding('anywidget')).toMatchObject({
      state: 'warning',
      todo: expect.stringContaining('--upgrade') as string,
    });
  });

  it('widget state not saved, or switched off by hand', async () => {
    const off = 'etc/lab/user-settings/@jupyter-widgets/jupyterlab-manager/plugin.jupyterlab-settings';
    put(machine, { [off]: '{ // mine\n "saveState": false\n}' });
    expect((await finding('saved panels')).found).toContain('switched off in');
    rmSync(join(machine, 'etc'), { recursive: true });
    expect(await finding('saved panels')).toMatchObject({
      state: 'warning',
      todo: expect.stringContaining('Settings') as string,
    });
  });
});

it('versions are compared by their numbers', () => {
  expect([
    atLeast('20.19.0', '20.19'),
    atLeast('20.9.9', '20.19'),
    atLeast('4.10', '4.9'),
    atLeast('next', '4'),
  ]).toEqual([true, false, true, false]);
});
