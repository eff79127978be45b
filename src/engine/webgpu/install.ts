import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { makeEngineFolder } from '../install/folder.ts';
import { npmInstall } from '../install/npm.ts';
import { BACKEND, DAWN, webgpuFolder } from './recipe.ts';

/** Dawn's folder of binaries for this machine. */
const binaries = process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`;

/**
 * Brings Dawn and TF.js's WebGPU backend from the npm registry into a folder of hi-zfo's own; about 80 MB.
 * Whether a card is found is for `openEngine('webgpu')` to say.
 * @returns the folder
 * @throws EngineError; nothing is left behind
 */
export function installWebgpu(say: (line: string) => void = () => undefined): Promise<string> {
  return makeEngineFolder(webgpuFolder(), say, async (aside) => {
    const packages = [DAWN, BACKEND].map(({ name, version }) => `${name}@${version}`);
    say(`npm: ${packages.join(', ')}`);
    // without its peers: the backend has to share our TF.js, which is linked beside it at every load
    await npmInstall(aside, packages, ['--legacy-peer-deps']);
    await keepOwnBinaries(join(aside, 'node_modules', DAWN.name, 'dist'));
    return { engine: 'webgpu', packages };
  });
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
