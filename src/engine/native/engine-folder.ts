import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { MANIFEST } from './recipe.ts';
import { tool } from './tool.ts';

/**
 * Makes an engine's folder aside and renames it: what is there is whole. `make` fills the folder it is given and returns what
 * the manifest is to say; when it throws, nothing is left behind.
 * @returns the folder, also one that was there already
 */
export async function makeEngineFolder(
  target: string,
  say: (line: string) => void,
  make: (aside: string) => Promise<object>,
): Promise<string> {
  if (existsSync(join(target, MANIFEST))) {
    say(`already there: ${target}`);
    return target;
  }
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(`${target}.partial-`);
  try {
    const manifest = await make(aside);
    await writeFile(join(aside, MANIFEST), JSON.stringify(manifest, null, 2));
    await rename(aside, target);
    return target;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Removes an engine's folder; false when there is none.
 * @throws EngineError when it is not one that hi-zfo made
 */
export async function removeEngineFolder(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  if (!existsSync(join(folder, MANIFEST))) {
    throw new EngineError(
      `${folder} is not an engine that hi-zfo installed (it has no ${MANIFEST}). Nothing was removed.`,
    );
  }
  await rm(folder, { recursive: true });
  return true;
}

/** Installs npm packages into `folder`, exactly these versions and without their scripts. */
export async function npmInstall(
  folder: string,
  packages: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const flags = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...more];
  await tool('npm', ['install', ...flags, ...packages], 'It needs the npm registry.', { cwd: folder });
}
