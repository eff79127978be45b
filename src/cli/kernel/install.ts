import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from '../../errors.ts';
import { makeFolder } from '../../formats/index.ts';
import { EXTENSION_FOLDER, SPEC_FOLDER, type InstalledFile } from './content.ts';
import { manifestPath, readManifest, type Manifest } from './manifest.ts';
import type { Place } from './places.ts';

type Entry = Pick<InstalledFile, 'base' | 'path'>;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const keyOf = ({ base, path }: Entry): string => `${base}/${path}`;
const fileOf = (place: Place, { base, path }: Entry): string => join(place[base], path);

/** Written aside and renamed: a front end that reads meanwhile sees the old file or the new one. */
function writeAside(file: string, contents: Buffer): void {
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  const aside = `${file}.${process.pid}.tmp`;
  writeFileSync(aside, contents);
  renameSync(aside, file);
}

/** Folders above a file, the outermost first, that do not exist yet. */
function missingFolders(at: Place, { base, path }: Entry): Entry[] {
  const parts = path.split('/').slice(0, -1);
  return parts
    .map((_, i) => ({ base, path: parts.slice(0, i + 1).join('/') }))
    .filter((folder) => !existsSync(fileOf(at, folder)));
}

/** Names of files that are in the way: they were there before any installation of ours. */
function foreign(at: Place, files: readonly InstalledFile[], before: Manifest | undefined): string[] {
  const ours = new Set(before?.files.map(keyOf));
  const folders: Entry[] = [SPEC_FOLDER, EXTENSION_FOLDER].map((path) => ({ base: 'data', path }));
  const strange = before
    ? []
    : folders.map((folder) => fileOf(at, folder)).filter((path) => existsSync(path));
  const taken = files.filter((file) => !ours.has(keyOf(file))).map((file) => fileOf(at, file));
  return [...strange, ...taken.filter((path) => existsSync(path))];
}

/** Throws unless folders can be made in a place: one is, in what is there of it, and removed again. */
function assertWritable(at: Place): void {
  for (const folder of [at.data, at.config]) {
    let there = folder;
    while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
    try {
      rmdirSync(mkdtempSync(join(there, '.hi-zfo-')));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new ConfigError(
        `${folder} cannot be written: ${there} takes no new folder (${code}). Nothing was changed. Give --prefix DIR or --user.`,
      );
    }
  }
}

/**
 * Installs files into a place, or brings an earlier installation of ours up to date. Returns the paths it answers for.
 *
 * @throws ConfigError when the place cannot be written, or something of the same name is there that an installation of ours did
 * not write; nothing has changed then
 */
export function install(at: Place, files: readonly InstalledFile[], version: string): string[] {
  const before = readManifest(at);
  const [first] = foreign(at, files, before);
  if (first !== undefined)
    throw new ConfigError(
      `${first} is there already and was not put there by hi-zfo, so nothing was changed. Move it away, or install elsewhere with --prefix DIR.`,
    );
  assertWritable(at);
  const kept = new Set(files.map(keyOf));
  const gone = before?.files.filter((file) => !kept.has(keyOf(file))) ?? [];
  const folders = new Map([...(before?.folders ?? [])].map((folder) => [keyOf(folder), folder]));
  for (const file of files) for (const folder of missingFolders(at, file)) folders.set(keyOf(folder), folder);
  const entries = files.map(({ base, path, contents }) => ({ base, path, sha256: sha256(contents) }));
  // The manifest comes first: an installation that breaks off in the middle can be removed.
  makeFolder(dirname(manifestPath(at)));
  const manifest: Manifest = {
    by: 'hi-zfo',
    version,
    files: [...entries, ...gone],
    folders: [...folders.values()],
  };
  writeAside(manifestPath(at), Buffer.from(JSON.stringify(manifest, null, 1)));
  for (const file of files) {
    makeFolder(dirname(fileOf(at, file)));
    writeAside(fileOf(at, file), file.contents);
  }
  return files.map((file) => fileOf(at, file));
}

/** What an uninstallation did. */
export interface Removal {
  removed: string[];
  /** Files that were changed since they were installed, and are left alone. */
  kept: string[];
}

/** Removes what `install` wrote into a place; undefined when there is nothing of ours. */
export function uninstall(at: Place): Removal | undefined {
  const manifest = readManifest(at);
  if (!manifest) return undefined;
  const result: Removal = { removed: [], kept: [] };
  // The kernelspec, which comes last in an installation, goes first.
  for (const entry of [...manifest.files].reverse()) {
    const file = fileOf(at, entry);
    if (!existsSync(file)) continue;
    const own = sha256(readFileSync(file)) === entry.sha256;
    if (own) unlinkSync(file);
    (own ? result.removed : result.kept).push(file);
  }
  unlinkSync(manifestPath(at));
  const deepestFirst = manifest.folders
    .map((folder) => fileOf(at, folder))
    .sort((a, b) => b.length - a.length);
  for (const folder of deepestFirst)
    if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
  return result;
}
