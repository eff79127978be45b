import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a whole folder or nothing: `fill` works in a new folder beside `target`, which takes its place when it
 * has finished. A folder that was there before is replaced only then; if `fill` throws, nothing changes.
 */
export async function writeFolder(target: string, fill: (dir: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    await fill(aside);
    await chmod(aside, 0o777 & ~process.umask()); // mkdtemp makes it private
    const old = `${aside}-old`;
    const had = await rename(target, old).then(
      () => true,
      (e: NodeJS.ErrnoException) => {
        if (e.code === 'ENOENT') return false;
        throw e;
      },
    );
    await rename(aside, target).catch(async (e: unknown) => {
      if (had) await rename(old, target);
      throw e;
    });
    if (had) await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}
