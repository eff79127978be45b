import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { kernelCommand } from '../../notebook/run/command.ts';

/** One file of an installation. */
export interface InstalledFile {
  /** Which of a place's two folders it goes to. */
  base: 'data' | 'config';
  /** Path in there, with `/`. */
  path: string;
  contents: Buffer;
}

export const KERNEL_NAME = 'hi-zfo';
export const SPEC_FOLDER = `kernels/${KERNEL_NAME}`;
export const EXTENSION_FOLDER = 'labextensions/hi-zfo-plotly';

const SPEC_FILES = ['logo-svg.svg', 'logo-32x32.png', 'logo-64x64.png'];
const EXTENSION_FILES = ['package.json', 'static/remoteEntry.js', 'static/plotly.min.js'];
/** Files of a `.d` folder are joined with the settings that are there. */
const SETTINGS = 'labconfig/default_setting_overrides.d/hi-zfo.json';
export const WIDGET_MANAGER = '@jupyter-widgets/jupyterlab-manager:plugin';

/** The kernel's program in a package folder. */
export const kernelMain = (root: string): string => join(root, 'dist', 'kernel', 'main.mjs');

function read(root: string, path: string): Buffer {
  const file = join(root, path);
  if (!existsSync(file))
    throw new ConfigError(
      `This copy of hi-zfo is not built: ${file} is missing. In a checkout run: npm run build`,
    );
  return readFileSync(file);
}

const json = (value: object): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/**
 * What is installed: the kernelspec with the paths of this Node and this package, the extension that draws figures, and
 * the setting that saves the state of widgets.
 *
 * @throws ConfigError when the package is not built
 */
export function installation(root: string, node = process.execPath): InstalledFile[] {
  read(root, 'dist/kernel/main.mjs');
  const template = JSON.parse(read(root, `jupyter/${SPEC_FOLDER}/kernel.json`).toString()) as object;
  const data = (path: string, contents = read(root, `jupyter/${path}`)): InstalledFile => ({
    base: 'data',
    path,
    contents,
  });
  return [
    ...EXTENSION_FILES.map((name) => data(`${EXTENSION_FOLDER}/${name}`)),
    { base: 'config', path: SETTINGS, contents: json({ [WIDGET_MANAGER]: { saveState: true } }) },
    ...SPEC_FILES.map((name) => data(`${SPEC_FOLDER}/${name}`)),
    // Last: a kernel that front ends offer has everything that it needs.
    data(`${SPEC_FOLDER}/kernel.json`, json({ ...template, argv: kernelCommand(kernelMain(root), node) })),
  ];
}
