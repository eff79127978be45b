import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeEngineFolder } from '../install/folder.ts';
import { npmInstall } from '../install/npm.ts';
import { MANIFEST } from '../install/place.ts';
import { tool } from '../install/tool.ts';
import { compileAddon, headersFolder } from './compile.ts';
import { downloadWheel, unpackWheel } from './fetch-library.ts';
import { probe } from './probe.ts';
import { engineFolder, packageOf, TENSORFLOW, TFJS, verify, wheelFor, type NativeName } from './recipe.ts';

export interface InstallOptions {
  /** A wheel that is there already. */
  wheel?: string;
  /** `pip` (default for gpu) downloads the CUDA 12 libraries that this TensorFlow names, about 2.5 GB; `none` uses the system's. */
  cuda?: 'pip' | 'none';
  /** Told of each step. */
  say?: (line: string) => void;
}

/**
 * Makes tfjs-node (or -gpu) run on the TensorFlow of a PyPI wheel, in a folder of hi-zfo's own under the user's cache;
 * about 2 minutes and 1.3 GB of disk. Made aside and renamed: what is there is whole.
 * @returns the folder
 * @throws EngineError with the step that failed; nothing is left behind
 */
export async function installNative(name: NativeName, options: InstallOptions = {}): Promise<string> {
  const { say = () => undefined, cuda = name === 'gpu' ? 'pip' : 'none' } = options;
  const wheel = wheelFor(name);
  if (options.wheel !== undefined && !existsSync(join(engineFolder(name), MANIFEST)))
    await verify(options.wheel, wheel);
  return makeEngineFolder(engineFolder(name), say, async (aside) => {
    say(`npm: ${packageOf(name)} ${TFJS}, without its own download`);
    await npmInstall(aside, [`${packageOf(name)}@${TFJS}`, 'node-api-headers@1.5.0']);
    const modules = join(aside, 'node_modules');
    const addon = join(modules, packageOf(name));
    // It has to share our TF.js, not bring another one: see load.ts.
    await leaveOnly(modules, packageOf(name));

    say(
      options.wheel
        ? `library: ${options.wheel}`
        : `library: ${wheel.project} ${TENSORFLOW} from PyPI, ${wheel.megabytes} MB`,
    );
    const deps = join(addon, 'deps');
    await mkdir(deps, { recursive: true });
    const file = options.wheel ?? (await downloadWheel(wheel, aside));
    if (options.wheel === undefined) await verify(file, wheel);
    await unpackWheel(file, deps);
    if (options.wheel === undefined) await rm(file);
    if (cuda === 'pip') {
      say('CUDA 12 and cuDNN 9 from PyPI, about 2.5 GB');
      await cudaLibraries(aside, deps);
    }

    say('compiling the addon (about half a minute)');
    await compileAddon(addon, await headersFolder(modules));
    say('loading it and computing');
    const found = await probe(aside, packageOf(name));
    const { version: node } = process;
    return { engine: name, tfjs: TFJS, tensorflow: TENSORFLOW, wheel: wheel.sha256, node, ...found };
  });
}

async function leaveOnly(modules: string, kept: string): Promise<void> {
  const scope = join(modules, '@tensorflow');
  const aside = join(modules, '.kept');
  await rename(join(modules, kept), aside);
  await rm(scope, { recursive: true });
  await mkdir(scope);
  await rename(aside, join(modules, kept));
}

/** The library looks for CUDA in ../nvidia, by its RUNPATH. */
async function cudaLibraries(folder: string, deps: string): Promise<void> {
  const packages = join(folder, 'cuda');
  const list = join(deps, 'cuda-requirements.txt');
  const flags = ['-q', '--no-deps', '--only-binary=:all:'];
  const args = ['-m', 'pip', 'install', ...flags, '--target', packages, '-r', list];
  await tool(
    'python3',
    args,
    'It needs PyPI and 2.5 GB of disk; --cuda none takes the CUDA 12 of the system.',
  );
  await symlink(join('..', '..', '..', '..', 'cuda', 'nvidia'), join(deps, 'nvidia'));
}
