import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { MANIFEST } from './place.ts';

type Say = (line: string) => void;

/**
 * Makes an engine's folder aside and renames it: what is there is whole. `make` fills the folder it is given and returns what
 * the manifest is to say; when it throws, nothing is left behind, and what a killed process left is removed by the next.
 * @returns the folder, also one that was there already
 * @throws EngineError when another process is making it, when something else is in its place, or when nothing can be written
 */
export async function makeEngineFolder(
  target: string,
  say: Say,
  make: (aside: string) => Promise<object>,
): Promise<string> {
  const isThere = () => existsSync(join(target, MANIFEST));
  if (isThere()) {
    say(`already there: ${target}`);
    return target;
  }
  const [running] = await sweep(target, say);
  if (running)
    throw new EngineError(
      `Process ${running.pid} is installing this engine right now. Wait until it is done; should it be something else, remove ${running.path}.`,
    );
  if (existsSync(target))
    throw new EngineError(
      `${target} is in the way: it is not an engine that hi-zfo installed (it has no ${MANIFEST}). Remove or rename it, then install again.`,
    );
  const aside = asideOf(target);
  try {
    await mkdir(aside, { recursive: true });
    const manifest = await make(aside);
    await writeFile(join(aside, MANIFEST), JSON.stringify(manifest, null, 2));
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true }).catch(() => undefined);
    if (isThere()) return target; // another process was faster
    throw inWords(error, dirname(target));
  }
  return target;
}

/**
 * Removes an engine's folder; false when there is none.
 * @throws EngineError when it is not one that hi-zfo made, or the system does not let go of it
 */
export async function removeEngineFolder(folder: string): Promise<boolean> {
  await sweep(folder);
  if (!existsSync(folder)) return false;
  if (!existsSync(join(folder, MANIFEST)))
    throw new EngineError(
      `${folder} is not an engine that hi-zfo installed (it has no ${MANIFEST}). Nothing was removed.`,
    );
  const aside = asideOf(folder);
  try {
    await rename(folder, aside); // as a whole or not at all: Windows refuses while it is in use
  } catch (error) {
    throw new EngineError(
      `${folder} cannot be removed (${(error as Error).message}). Is it in use? End the notebooks and scripts that run on it, ` +
        'then try again. Nothing was removed.',
      { cause: error },
    );
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

const mark = (target: string) => `${basename(target)}.partial-`;
const here = hostname().replace(/[^\w.]/g, '_');

/** A name beside `target` that tells who works there. */
function asideOf(target: string): string {
  const name = [process.pid, here, randomBytes(4).toString('hex')].join('-');
  return join(dirname(target), mark(target) + name);
}

/** Removes what ended processes of this machine left of an engine; gives those that still run. */
async function sweep(target: string, say: Say = () => undefined): Promise<{ pid: number; path: string }[]> {
  const folder = dirname(target);
  const running: { pid: number; path: string }[] = [];
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (!name.startsWith(mark(target))) continue;
    const [pid, machine] = name.slice(mark(target).length).split('-');
    if (machine !== here) continue; // of another machine, on a folder that they share
    const path = join(folder, name);
    if (isRunning(Number(pid))) running.push({ pid: Number(pid), path });
    else {
      say(`removing what an install that was ended has left: ${path}`);
      await rm(path, { recursive: true, force: true, maxRetries: 5 }); // its npm may still be writing
    }
  }
  return running;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}

/** What the system says of a folder that cannot be written, in words. */
function inWords(error: unknown, folder: string): unknown {
  const { code = '' } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  if (!full && !['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(code)) return error;
  return new EngineError(
    `${folder} ${full ? 'is full' : 'cannot be written'} (${(error as Error).message}). ` +
      'Set HI_ZFO_CACHE to a folder of your own with room, then install again. Nothing was left behind.',
    { cause: error },
  );
}
