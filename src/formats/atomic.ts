import { createHash } from 'node:crypto';
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { realDisk, type Disk } from './atomic-disk.ts';
import { MANIFEST, manifestText, verifyFolder, type FileSeal } from './atomic-manifest.ts';

/** A file of a folder that is written as a whole. */
export interface FileToWrite {
  name: string;
  /** Its bytes, made as they are needed. */
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** Part of the names of the two folders that are beside a target while it is replaced: `.NAME.saving-PID-N`. */
const SAVING = 'saving';
const FORMER = 'former';
let count = 0;

/**
 * Writes a whole folder or nothing. The files go into a folder beside `target`, each synced, then a manifest with their
 * sizes and hashes; the folder is synced and only then takes the place of `target`. Whenever the process is killed,
 * `settleFolder` finds the former folder whole or the new one. If something throws, nothing has changed.
 */
export async function writeFolder(
  target: string,
  files: readonly FileToWrite[],
  disk: Disk = realDisk,
): Promise<void> {
  const place = await placeOf(target);
  const parent = dirname(place);
  await disk.makeFolder(parent);
  await settleFolder(place, disk);
  await sweep(place, disk);
  const mark = `${process.pid}-${++count}`;
  const saving = beside(place, SAVING, mark);
  const former = beside(place, FORMER, mark);
  let movedAway = false;
  try {
    await disk.makeFolder(saving);
    const seals: Record<string, FileSeal> = {};
    for (const file of files) {
      seals[file.name] = await writeFile(join(saving, file.name), file.chunks(), disk);
    }
    await writeFile(join(saving, MANIFEST), [Buffer.from(manifestText(seals))], disk);
    await disk.syncFolder(saving);
    if (await exists(place)) {
      await disk.rename(place, former);
      movedAway = true;
    }
    await disk.rename(saving, place);
  } catch (error) {
    if (movedAway) await disk.rename(former, place).catch(() => undefined); // else settleFolder does it
    await disk.remove(saving).catch(() => undefined);
    throw error;
  }
  // It is there now. What follows makes it last and tidies up; a later save tidies what stays.
  await disk.syncFolder(parent).catch(() => undefined);
  await disk.remove(former).catch(() => undefined);
}

/**
 * Mends a folder whose replacement was cut short between its two renames: the new one takes its place if it is whole,
 * otherwise the former one comes back. Does nothing to a folder that is there.
 */
export async function settleFolder(target: string, disk: Disk = realDisk): Promise<void> {
  if (await exists(target)) return;
  const place = await placeOf(target);
  for (const { path, kind, mark } of await leftovers(place)) {
    if (kind !== FORMER) continue;
    const saving = beside(place, SAVING, mark);
    const whole = await verifyFolder(saving).then(
      () => true,
      () => false,
    );
    await disk.rename(whole ? saving : path, place);
    return;
  }
}

/** Removes what killed processes left beside a folder that is in place. */
async function sweep(target: string, disk: Disk): Promise<void> {
  for (const { path, mark } of await leftovers(target)) {
    if (!isRunning(Number(mark.split('-')[0]))) await disk.remove(path);
  }
}

/** Where a symbolic link leads, which stays; it may lead to what is not there (yet, or for the moment). */
async function placeOf(target: string): Promise<string> {
  const found = await realpath(target).catch(({ code }: NodeJS.ErrnoException) =>
    code === 'ENOENT' ? undefined : target,
  );
  if (found !== undefined) return found;
  const link = await readlink(target).catch(() => undefined);
  return link === undefined ? target : placeOf(resolve(dirname(target), link));
}

async function leftovers(target: string): Promise<{ path: string; kind: string; mark: string }[]> {
  const parent = dirname(target);
  const start = `.${basename(target)}.`;
  const names = await readdir(parent).catch((): string[] => []);
  return names.flatMap((name) => {
    const [, kind, mark] = /^(saving|former)-(\d+-\d+)$/.exec(name.slice(start.length)) ?? [];
    return name.startsWith(start) && kind && mark ? [{ path: join(parent, name), kind, mark }] : [];
  });
}

function beside(target: string, kind: string, mark: string): string {
  return join(dirname(target), `.${basename(target)}.${kind}-${mark}`);
}

/** Another process may be saving at this moment; this one is not, calls come one after another. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function writeFile(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  disk: Disk,
): Promise<FileSeal> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await disk.create(path);
  try {
    for await (const chunk of chunks) {
      await file.write(chunk);
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
