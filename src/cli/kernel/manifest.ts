import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../errors.ts';
import { SPEC_FOLDER, type InstalledFile } from './content.ts';
import type { Place } from './places.ts';

/** What an installation wrote, so that it can be taken away again and nothing else. */
export interface Manifest {
  by: 'hi-zfo';
  version: string;
  files: (Pick<InstalledFile, 'base' | 'path'> & { sha256: string })[];
  /** Folders that were not there before. */
  folders: Pick<InstalledFile, 'base' | 'path'>[];
}

export const manifestPath = (place: Place): string => join(place.data, SPEC_FOLDER, 'installed.json');

/** Whether an entry stays inside the folders of its place. */
function isInside(entry: unknown): boolean {
  const { base, path } = entry as { base?: unknown; path?: unknown };
  return (
    (base === 'data' || base === 'config') &&
    typeof path === 'string' &&
    path !== '' &&
    path.split(/[\\/]/).every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/**
 * The manifest of an installation; undefined where there is none.
 *
 * @throws FormatError when it is there and cannot be trusted
 */
export function readManifest(place: Place): Manifest | undefined {
  const file = manifestPath(place);
  if (!existsSync(file)) return undefined;
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
    if (value.by === 'hi-zfo' && [...value.files, ...value.folders].every(isInside)) return value;
  } catch {
    // told below
  }
  throw new FormatError(
    `${file} does not say what was installed, so nothing was changed. Remove the folders kernels/hi-zfo and labextensions/hi-zfo-plotly in ${place.data} yourself.`,
  );
}
