import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  name: string;
  version: string;
}

let found: string | undefined;

/** Folder of this package, whether the code runs from src or from a build in dist. */
export function packageRoot(): string {
  return (found ??= walkUp(dirname(fileURLToPath(import.meta.url))));
}

/** Version of this package. */
export function version(): string {
  return manifest(packageRoot())!.version;
}

function walkUp(dir: string): string {
  if (manifest(dir)?.name === 'hi-zfo') return dir;
  const up = dirname(dir);
  if (up === dir)
    throw new Error('The folder of the package hi-zfo was not found above its own code. Install it again.');
  return walkUp(up);
}

function manifest(dir: string): Manifest | undefined {
  const path = join(dir, 'package.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Manifest) : undefined;
}
