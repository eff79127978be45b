import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { OLDEST_NODE } from './check-package.ts';
import { EXTENSION_FOLDER, KERNEL_NAME, WIDGET_MANAGER, kernelMain } from './content.ts';
import { atLeast, ok, output, skipped, warning, wrong, type Finding, type Patient } from './finding.ts';
import { userPlace } from './places.ts';

/** What a Jupyter says about itself. */
export interface Jupyter {
  versions: Record<string, string>;
  paths: { data: string[]; config: string[] };
  /** Its kernelspec of our name. */
  spec: { resource_dir: string; spec: { argv: string[] } } | undefined;
}

const GET_JUPYTER =
  'Install JupyterLab 4 or Notebook 7 (pip install jupyterlab anywidget), or name another Jupyter: hi-zfo kernel doctor --jupyter PATH. In a checkout of hi-zfo, npm start gets one.';

/** The installation that mends this Jupyter: where its kernelspec is already, else the user's own folders. */
function installFor({ env }: Patient, jupyter: Jupyter): string {
  const data = jupyter.spec && dirname(dirname(jupyter.spec.resource_dir));
  const ofPrefix = data !== undefined && data !== userPlace(env).data && /[\\/]share[\\/]jupyter$/.test(data);
  return `hi-zfo kernel install ${ofPrefix ? `--prefix ${dirname(dirname(data))}` : '--user'}`;
}

function parsed<T>(text: string | undefined): T | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

/** Asks a Jupyter; undefined when it is not there or does not run. */
export async function askJupyter({ jupyter, env }: Patient): Promise<Jupyter | undefined> {
  const ask = (...args: string[]) => output(jupyter, args, env);
  const [versions, paths, specs] = await Promise.all([
    ask('--version'),
    ask('--paths', '--json'),
    ask('kernelspec', 'list', '--json'),
  ]);
  if (versions === undefined) return undefined;
  const lines = versions.split('\n').map((line) => line.split(':').map((part) => part.trim()));
  const known = parsed<{ kernelspecs: Record<string, Jupyter['spec']> }>(specs);
  return {
    versions: Object.fromEntries(
      lines.filter(([, version]) => /^\d/.test(version ?? '')) as [string, string][],
    ),
    paths: { data: [], config: [], ...parsed<Partial<Jupyter['paths']>>(paths) },
    spec: known?.kernelspecs[KERNEL_NAME],
  };
}

export function checkJupyter(patient: Patient, jupyter: Jupyter | undefined): Finding {
  const name = 'jupyter';
  if (!jupyter) return wrong(name, `${patient.jupyter} is not there or does not run`, GET_JUPYTER);
  const { jupyterlab, notebook } = jupyter.versions;
  const found = [jupyterlab && `JupyterLab ${jupyterlab}`, notebook && `Notebook ${notebook}`]
    .filter(Boolean)
    .join(', ');
  if (found === '') return wrong(name, `${patient.jupyter} has neither JupyterLab nor Notebook`, GET_JUPYTER);
  const fits = (jupyterlab && atLeast(jupyterlab, '4')) || (notebook && atLeast(notebook, '7'));
  return fits
    ? ok(name, found)
    : wrong(name, `${found}: figures need JupyterLab 4 or Notebook 7`, GET_JUPYTER);
}

export function checkSpec(patient: Patient, jupyter: Jupyter): Finding {
  const name = 'kernelspec';
  if (jupyter.spec) return ok(name, jupyter.spec.resource_dir);
  const places = jupyter.paths.data.map((path) => join(path, 'kernels')).join(', ');
  return wrong(
    name,
    `this Jupyter has no kernel ${KERNEL_NAME}; it looks in ${places}`,
    installFor(patient, jupyter),
  );
}

/** Whether the kernelspec still names a Node and a kernel that exist: Node may be updated, the folder moved. */
export async function checkCommand(patient: Patient, jupyter: Jupyter): Promise<Finding> {
  const name = 'its command';
  if (!jupyter.spec) return skipped(name, 'no kernelspec');
  const { argv } = jupyter.spec.spec;
  const [program = ''] = argv;
  const version = (await output(program, ['--version'], patient.env))?.trim().replace(/^v/, '');
  const again = `${installFor(patient, jupyter)} (it writes the paths of this Node and this package)`;
  if (version === undefined) return wrong(name, `${program} is not there or does not run`, again);
  if (!atLeast(version, OLDEST_NODE))
    return wrong(
      name,
      `${program} is Node ${version}`,
      `Install Node ${OLDEST_NODE} or newer, then: ${installFor(patient, jupyter)}`,
    );
  const main = argv
    .find((part) => part.endsWith('.mjs'))
    ?.replace('{resource_dir}', jupyter.spec.resource_dir);
  if (main === undefined || !isAbsolute(main) || !existsSync(main))
    return wrong(name, `there is no ${main ?? 'kernel in its argv'}`, again);
  const other = join(main) !== kernelMain(patient.root);
  return other
    ? warning(
        name,
        `it starts another copy of hi-zfo: ${main}`,
        `To use the one in ${patient.root}: ${installFor(patient, jupyter)}`,
      )
    : ok(name, `Node ${version} at ${program}`);
}

/** The first data folder of this Jupyter that has a file. */
function holder(jupyter: Jupyter, path: string): string | undefined {
  return jupyter.paths.data.map((folder) => join(folder, path)).find((file) => existsSync(file));
}

function versionOf(manifest: string): string {
  return parsed<{ version: string }>(readFileSync(manifest, 'utf8'))?.version ?? 'of unknown version';
}

export function checkFigures(patient: Patient, jupyter: Jupyter): Finding {
  const name = 'figures';
  const manifest = holder(jupyter, `${EXTENSION_FOLDER}/package.json`);
  const plotly = holder(jupyter, `${EXTENSION_FOLDER}/static/plotly.min.js`);
  return manifest && plotly
    ? ok(name, `extension hi-zfo-plotly ${versionOf(manifest)}`)
    : warning(
        name,
        'the extension hi-zfo-plotly is missing: figures are still pictures',
        installFor(patient, jupyter),
      );
}

/** The live panel needs the front-end parts of anywidget and ipywidgets. */
export function checkWidgets(jupyter: Jupyter): Finding {
  const name = 'anywidget';
  const parts = { anywidget: 'anywidget', ipywidgets: '@jupyter-widgets/jupyterlab-manager' };
  const found = Object.entries(parts).map(
    ([part, folder]) => [part, holder(jupyter, `labextensions/${folder}/package.json`)] as const,
  );
  const missing = found.filter(([, manifest]) => manifest === undefined).map(([part]) => part);
  if (missing.length > 0)
    return warning(
      name,
      `${missing.join(' and ')} not found in this Jupyter: no live panel (session.panel() shows a still figure); all else works`,
      'In the Python of this Jupyter: pip install anywidget; then reload the page',
    );
  const [anywidget, manager] = found.map(([, manifest]) => versionOf(manifest!));
  return atLeast(anywidget!, '0.9')
    ? ok(name, `${anywidget}, widget manager ${manager}`)
    : warning(
        name,
        `version ${anywidget} is too old for the live panel`,
        'In the Python of this Jupyter: pip install --upgrade anywidget',
      );
}

/** Settings in the order in which they win, the strongest last. */
function* saveStates({ paths }: Jupyter): Generator<[file: string, on: unknown]> {
  for (const folder of [...paths.config].reverse()) {
    const base = join(folder, 'labconfig', 'default_setting_overrides');
    const more = existsSync(`${base}.d`)
      ? readdirSync(`${base}.d`)
          .sort()
          .map((file) => join(`${base}.d`, file))
      : [];
    for (const file of [`${base}.json`, ...more]) {
      const settings = existsSync(file)
        ? parsed<Record<string, { saveState?: unknown }>>(readFileSync(file, 'utf8'))
        : undefined;
      if (settings?.[WIDGET_MANAGER]?.saveState !== undefined)
        yield [file, settings[WIDGET_MANAGER].saveState];
    }
  }
  // What a person has set in the settings editor: JSON with comments.
  for (const folder of paths.config) {
    const [id, plugin] = WIDGET_MANAGER.split(':');
    const file = join(folder, 'lab', 'user-settings', id!, `${plugin!}.jupyterlab-settings`);
    const set = existsSync(file)
      ? /"saveState"\s*:\s*(true|false)/.exec(readFileSync(file, 'utf8'))
      : undefined;
    if (set) yield [file, set[1] === 'true'];
  }
}

export function checkSaving(patient: Patient, jupyter: Jupyter): Finding {
  const name = 'saved panels';
  const last = [...saveStates(jupyter)].at(-1);
  if (last?.[1] === true) return ok(name, 'widget state is saved with the notebook');
  const found = last ? `switched off in ${last[0]}` : 'widget state is not saved with the notebook';
  return warning(
    name,
    `${found}: a reopened panel is empty`,
    `${installFor(patient, jupyter)}, or in JupyterLab: Settings, Save Widget State Automatically`,
  );
}
