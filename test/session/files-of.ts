import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileToWrite } from '../../src/formats/atomic.ts';

/** The files of a saved folder, to be written again; each in two halves. */
export async function filesOf(dir: string): Promise<FileToWrite[]> {
  const names = (await readdir(dir)).filter((name) => name !== 'manifest.json');
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(join(dir, name));
      const half = bytes.length >> 1;
      return { name, chunks: () => [bytes.subarray(0, half), bytes.subarray(half)] };
    }),
  );
}
