import { existsSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Packages that a cell may import from any folder. */
const NAMES = ['hi-zfo', 'arquero', '@tensorflow/tfjs'] as const;

/** The folder of a package as seen from `folder`: the nearest node_modules that has it. */
function packageFolder(name: string, folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (dirname(at) === at) return undefined;
  }
}

/**
 * Package name to folder, for those of the offered packages that the notebook's folder has not: a copy of the
 * notebook's own is never replaced.
 */
export function foldersOffered(root: string, notebookFolder: string): Map<string, string> {
  const folders = new Map<string, string>();
  for (const name of NAMES) {
    if (packageFolder(name, notebookFolder)) continue;
    const folder = name === 'hi-zfo' ? root : packageFolder(name, root);
    if (folder) folders.set(name, folder);
  }
  return folders;
}

interface Loader {
  _resolveFilename(request: string, ...rest: unknown[]): string;
}

/** Lets `require` find the offered packages where it would otherwise fail. */
export function offerModules(offered: ReadonlyMap<string, string>, root: string): void {
  const loader = Module as unknown as Loader;
  const resolve = loader._resolveFilename.bind(loader);
  const fromRoot = createRequire(join(root, 'package.json'));
  let falling = false;
  const isOffered = (request: string) =>
    [...offered.keys()].some((name) => request === name || request.startsWith(`${name}/`));
  loader._resolveFilename = (request, ...rest) => {
    try {
      return resolve(request, ...rest);
    } catch (error) {
      if (falling || !isOffered(request)) throw error;
      falling = true;
      try {
        return fromRoot.resolve(request);
      } finally {
        falling = false;
      }
    }
  };
}
