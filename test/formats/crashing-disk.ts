import { realDisk, type Disk } from '../../src/formats/atomic-disk.ts';

/** What happens at the n-th operation: it throws, or nothing is ever done again, as after a crash, or the process is killed. */
export type Crash = 'throws' | 'stops for good' | 'is killed';

/** A disk that fails at operation `at`, counted from 0; a write is then half done. `done` counts operations. */
export function crashing(at: number, how: Crash): Disk & { done: number } {
  const disk = {
    done: 0,
    makeFolder: (path: string) => guarded(() => realDisk.makeFolder(path)),
    syncFolder: (path: string) => guarded(() => realDisk.syncFolder(path)),
    rename: (from: string, to: string) => guarded(() => realDisk.rename(from, to)),
    remove: (path: string) => guarded(() => realDisk.remove(path)),
    async create(path: string) {
      const file = await guarded(() => realDisk.create(path));
      return {
        write: (bytes: Uint8Array) =>
          guarded(
            () => file.write(bytes),
            () => file.write(bytes.subarray(0, bytes.length >> 1)),
          ),
        sync: () => guarded(() => file.sync()),
        close: () => file.close(),
      };
    },
  };
  async function guarded<T>(work: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    const n = disk.done++;
    const fails = how === 'throws' ? n === at : n >= at;
    if (!fails) return work();
    if (n === at) await half?.();
    if (how === 'is killed') {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    }
    throw new Error(`injected at operation ${n}`);
  }
  return disk;
}
