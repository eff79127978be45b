import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { MANIFEST } from '../native/recipe.ts';
import { tool } from '../native/tool.ts';
import { BACKEND, DAWN, webgpuFolder } from './recipe.ts';

/** Dawn's folder of binaries for this machine. */
const binaries = process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`;

/**
 * Brings Dawn and TF.js's WebGPU backend from the npm registry into a folder of hi-zfo's own; about 80 MB. Made aside and
 * renamed: what is there is whole. Whether a card is found is for `openEngine('webgpu')` to say.
 * @returns the folder
 * @throws EngineError; nothing is left behind
 */
export async function installWebgpu(say: (line: string) => void = () => undefined): Promise<string> {
  const target = webgpuFolder();
  if (existsSync(join(target, MANIFEST))) {
    say(`already there: ${target}`);
    return target;
  }
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(`${target}.partial-`);
  try {
    say(`npm: ${DAWN.name} ${DAWN.version}, ${BACKEND.name} ${BACKEND.version}`);
    await writeFile(join(aside, 'package.json'), '{ "private": true }');
    // without its peers: the backend has to share our TF.js, which is linked beside it at every load
    const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
    const packages = [DAWN, BACKEND].map(({ name, version }) => `${name}@${version}`);
    await tool('npm', ['install', '--save-exact', ...flags, ...packages], 'It needs the npm registry.', {
      cwd: aside,
    });
    await keepOwnBinaries(join(aside, 'node_modules', DAWN.name, 'dist'));
    await writeFile(join(aside, MANIFEST), JSON.stringify({ engine: 'webgpu', packages }, null, 2));
    await rename(aside, target);
    return target;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what `installWebgpu` made; false when there was nothing. */
export async function uninstallWebgpu(): Promise<boolean> {
  const folder = webgpuFolder();
  if (!existsSync(folder)) return false;
  if (!existsSync(join(folder, MANIFEST))) {
    throw new EngineError(
      `${folder} is not an engine that hi-zfo installed (it has no ${MANIFEST}). Nothing was removed.`,
    );
  }
  await rm(folder, { recursive: true });
  return true;
}

/** Dawn comes for five platforms in one package. */
async function keepOwnBinaries(dist: string): Promise<void> {
  const there = await readdir(dist);
  if (!there.includes(binaries)) {
    throw new EngineError(
      `${DAWN.name} ${DAWN.version} has no binary for ${process.platform} ${process.arch}; it has ${there.join(', ')}.`,
    );
  }
  for (const name of there) if (name !== binaries) await rm(join(dist, name), { recursive: true });
}
