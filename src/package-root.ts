import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

/** Folder of this package, whether the code runs from src or from a build in dist. */
export function packageRoot(): string {
  return (found ??= walkUp(dirname(fileURLToPath(import.meta.url))));
}

function walkUp(dir: string): string {
  const manifest = join(dir, 'package.json');
  if (existsSync(manifest)) {
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
    if (name === 'hi-zfo') return dir;
  }
  const up = dirname(dir);
  if (up === dir) throw new Error('The folder of the package hi-zfo was not found above its own code.');
  return walkUp(up);
}
