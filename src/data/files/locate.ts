import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../../errors.ts';
import { dataFormat } from './rows.ts';

/** Data files by split; `all` holds rows of no named split. */
export type SplitFiles = Partial<Record<'train' | 'validation' | 'test' | 'all', string[]>>;

const named: [split: 'train' | 'validation' | 'test', pattern: RegExp][] = [
  ['train', /(^|[^a-z])train(ing)?([^a-z]|$)/i],
  ['validation', /(^|[^a-z])(dev|val|valid|validation)([^a-z]|$)/i],
  ['test', /(^|[^a-z])test([^a-z]|$)/i],
];

/** Folders in which a task's data is looked for when none is given: of HI_ZFO_DATA, and `data` here. */
export function dataFolders(name: string): string[] {
  const { HI_ZFO_DATA } = process.env;
  return [...(HI_ZFO_DATA ? [join(HI_ZFO_DATA, name)] : []), join('data', name)];
}

/** The files of a folder by the split that their names say; a folder with one file is that file. */
async function filesOf(folder: string): Promise<SplitFiles> {
  const names = (await readdir(folder)).filter((name) => dataFormat(name) !== undefined).sort();
  const files: SplitFiles = {};
  for (const name of names) {
    const split = named.find(([, pattern]) => pattern.test(name))?.[0];
    if (split) (files[split] ??= []).push(join(folder, name));
  }
  if (Object.keys(files).length === 0 && names.length === 1) files.all = [join(folder, names[0]!)];
  if (Object.keys(files).length === 0) {
    const found = names.length ? `has ${names.join(', ')}` : 'has no data file';
    throw new FormatError(
      `${folder} ${found}. Name its files by split (train, validation, test), or give a file's path.`,
    );
  }
  return files;
}

/** The data files at a path: a file, or a folder of files. Undefined when there is nothing. */
export async function filesAt(path: string): Promise<SplitFiles | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  return found.isDirectory() ? filesOf(path) : { all: [path] };
}
