import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  name?: string;
  version?: string;
}

/** Reads a package.json; an empty object where it cannot be read. */
function manifest(folder: string): Manifest {
  const file = join(folder, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : {};
}

/** The folder of the hi-zfo package that this file belongs to, wherever the build put it. */
export function packageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (manifest(folder).name === 'hi-zfo') return folder;
    if (dirname(folder) === folder)
      throw new Error(`no package.json of hi-zfo above ${from}: install hi-zfo again`);
  }
}

/** Version of the hi-zfo package in a folder. */
export function packageVersion(root: string): string {
  return manifest(root).version ?? '0.0.0';
}
