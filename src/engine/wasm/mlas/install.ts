import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../../errors.ts';
import { makeEngineFolder } from '../../install/folder.ts';
import { npmInstall } from '../../install/npm.ts';
import { tool } from '../../install/tool.ts';
import { fastFolder, ONNXRUNTIME } from './recipe.ts';

const PROBE = `
const { binding, initOrt } = require(process.argv[1]);
initOrt();
new binding.InferenceSession();`;

/**
 * Brings onnxruntime-node from the npm registry into a folder of hi-zfo's own; about 50 MB stay.
 * @returns the folder
 * @throws EngineError; nothing is left behind
 */
export function installFast(say: (line: string) => void = () => undefined): Promise<string> {
  return makeEngineFolder(fastFolder(), say, async (aside) => {
    const wanted = `${ONNXRUNTIME.name}@${ONNXRUNTIME.version}`;
    say(`npm: ${wanted}, without its own download`);
    await npmInstall(aside, [wanted]);
    const own = join(aside, 'node_modules', ONNXRUNTIME.name);
    await keepOwnBinaries(join(own, 'bin', 'napi-v6'));
    say('loading it');
    const args = ['-e', PROBE, join(own, 'dist', 'binding.js')];
    await tool(process.execPath, args, 'Its library does not load here; the wasm engine needs none.');
    return { engine: 'fast', packages: [wanted] };
  });
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
