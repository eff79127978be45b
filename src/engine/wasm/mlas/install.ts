import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../../errors.ts';
import { MANIFEST } from '../../native/recipe.ts';
import { tool } from '../../native/tool.ts';
import { fastFolder, ONNXRUNTIME } from './recipe.ts';

const PROBE = `
const { binding, initOrt } = require(process.argv[1]);
initOrt();
new binding.InferenceSession();`;

/**
 * Brings onnxruntime-node from the npm registry into a folder of hi-zfo's own; about 50 MB stay. Made aside and renamed: what
 * is there is whole.
 * @returns the folder
 * @throws EngineError; nothing is left behind
 */
export async function installFast(say: (line: string) => void = () => undefined): Promise<string> {
  const target = fastFolder();
  if (existsSync(join(target, MANIFEST))) {
    say(`already there: ${target}`);
    return target;
  }
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(`${target}.partial-`);
  try {
    const wanted = `${ONNXRUNTIME.name}@${ONNXRUNTIME.version}`;
    say(`npm: ${wanted}, without its own download`);
    await writeFile(join(aside, 'package.json'), '{ "private": true }');
    const flags = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await tool('npm', ['install', ...flags, wanted], 'It needs the npm registry.', { cwd: aside });
    const own = join(aside, 'node_modules', ONNXRUNTIME.name);
    await keepOwnBinaries(join(own, 'bin', 'napi-v6'));
    say('loading it');
    await tool(
      process.execPath,
      ['-e', PROBE, join(own, 'dist', 'binding.js')],
      'Its library does not load here.',
    );
    await writeFile(join(aside, MANIFEST), JSON.stringify({ engine: 'fast', packages: [wanted] }, null, 2));
    await rename(aside, target);
    return target;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what `installFast` made; false when there was nothing. */
export async function uninstallFast(): Promise<boolean> {
  const folder = fastFolder();
  if (!existsSync(folder)) return false;
  if (!existsSync(join(folder, MANIFEST)))
    throw new EngineError(
      `${folder} is not an engine that hi-zfo installed (it has no ${MANIFEST}). Nothing was removed.`,
    );
  await rm(folder, { recursive: true });
  return true;
}

/** The package holds the libraries of five platforms, 290 MB. */
async function keepOwnBinaries(bin: string): Promise<void> {
  const { platform, arch } = process;
  if (!existsSync(join(bin, platform, arch)))
    throw new EngineError(
      `${ONNXRUNTIME.name} ${ONNXRUNTIME.version} has no library for ${platform} ${arch}. The wasm engine needs none.`,
    );
  for (const name of await readdir(bin))
    if (name !== platform) await rm(join(bin, name), { recursive: true });
  for (const name of await readdir(join(bin, platform)))
    if (name !== arch) await rm(join(bin, platform, name), { recursive: true });
}
