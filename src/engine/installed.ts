import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeEngineFolder } from './install/folder.ts';
import { MANIFEST } from './install/place.ts';
import { engineFolder } from './native/recipe.ts';
import { fastFolder } from './wasm/mlas/recipe.ts';
import { webgpuFolder } from './webgpu/recipe.ts';

/** Engines that `hi-zfo engine install` brings, each into a folder of its own. */
export const installable = ['fast', 'native', 'gpu', 'webgpu'] as const;
export type Installable = (typeof installable)[number];

/** Folder of an engine that hi-zfo installs. */
export function folderOf(name: Installable, environment: NodeJS.ProcessEnv = process.env): string {
  if (name === 'fast') return fastFolder(environment);
  return name === 'webgpu' ? webgpuFolder(environment) : engineFolder(name, environment);
}

/** Whether hi-zfo has installed an engine. */
export function isInstalled(name: Installable, environment: NodeJS.ProcessEnv = process.env): boolean {
  return existsSync(join(folderOf(name, environment), MANIFEST));
}

/** Removes what was installed of an engine; false when there was nothing. @throws EngineError */
export function uninstallEngine(name: Installable): Promise<boolean> {
  return removeEngineFolder(folderOf(name));
}

/** What to type to get an engine, or to get it anew where the one that hi-zfo installed does not serve. */
export function installCommand(name: Installable, environment: NodeJS.ProcessEnv = process.env): string {
  const install = `npx hi-zfo engine install ${name}`;
  return isInstalled(name, environment) ? `npx hi-zfo engine uninstall ${name}, then ${install}` : install;
}
