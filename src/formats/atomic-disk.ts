import { open, rename, rm } from 'node:fs/promises';
import { makeFolder } from './make-folder.ts';

/** A new file, written from its beginning. */
export interface DiskFile {
  write(bytes: Uint8Array): Promise<void>;
  /** Returns when what was written is on the disk itself. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file operations that saving is made of. Tests put one in its place that fails, or kills the process, at any of them. */
export interface Disk {
  makeFolder(path: string): Promise<void>;
  create(path: string): Promise<DiskFile>;
  /** Makes the names in a folder last. */
  syncFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all that is in it; nothing if it is not there. */
  remove(path: string): Promise<void>;
}

/** Systems that cannot open or sync a folder say so with one of these; their renames are as good as they get. */
const cannotSync = new Set(['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF']);

/** The file system. */
export const realDisk: Disk = {
  makeFolder: (path) => Promise.resolve().then(() => makeFolder(path)),
  async create(path) {
    const file = await open(path, 'wx');
    return {
      write: (bytes) => file.writeFile(bytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  async syncFolder(path) {
    try {
      const folder = await open(path, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      if (!cannotSync.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { recursive: true, force: true }),
};
