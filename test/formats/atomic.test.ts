import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors.ts';
import { settleFolder, verifyFolder, writeFolder, type FileToWrite } from '../../src/formats/index.ts';
import { crashing } from './crashing-disk.ts';

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-atomic-'))));
afterAll(() => rm(dir, { recursive: true, force: true }));

const files = (text: string, ...names: string[]): FileToWrite[] =>
  names.map((name) => ({ name, chunks: () => [Buffer.from(text), Buffer.from(name)] }));
const read = (target: string, name: string) => readFile(join(target, name), 'utf8');
const beside = async (name: string) => (await readdir(dir)).filter((f) => f.startsWith(`.${name}.`));

describe('writeFolder', () => {
  it('replaces a folder whole, or leaves it as it was', async () => {
    const target = join(dir, 'run');
    await writeFolder(target, files('one', 'a'));
    const failing: FileToWrite = {
      name: 'b',
      chunks: () => {
        throw new Error('no such values');
      },
    };
    await expect(writeFolder(target, [...files('two', 'a'), failing])).rejects.toThrow('no such values');
    expect(await read(target, 'a')).toBe('onea');
    await writeFolder(target, files('three', 'b'));
    expect((await readdir(target)).sort()).toEqual(['b', 'manifest.json']);
    expect(await beside('run')).toEqual([]);
  });

  it('writes through a symbolic link, which stays one', async () => {
    const [target, link] = [join(dir, 'real'), join(dir, 'link')];
    await writeFolder(target, files('one', 'a'));
    await symlink(target, link);
    await writeFolder(link, files('two', 'a'));
    expect(await read(target, 'a')).toBe('twoa');
    // cut between the two renames, the link leads nowhere for the moment
    await rename(target, join(dir, '.real.former-1-1'));
    await settleFolder(link);
    expect(await read(link, 'a')).toBe('twoa');
    const early = join(dir, 'early');
    await symlink('later', early);
    await writeFolder(early, files('one', 'a'));
    expect(await read(join(dir, 'later'), 'a')).toBe('onea');
  });

  it.each(['throws', 'stops for good'] as const)(
    'leaves the former folder or the new one when the disk %s at any operation',
    async (how) => {
      let landed = 0;
      for (let at = 0; ; at++) {
        const name = `${how.slice(0, 3)}${at}`;
        const target = join(dir, name);
        await writeFolder(target, files('one', 'a', 'b'));
        const disk = crashing(at, how);
        const failed = await writeFolder(target, files('two', 'a', 'b'), disk).then(
          () => false,
          (e: Error) => e.message.includes('injected'),
        );
        if (disk.done <= at) break; // it never came to the n-th operation
        await settleFolder(target);
        await verifyFolder(target);
        const text = await read(target, 'a');
        expect(await read(target, 'b')).toBe(text.replace('a', 'b'));
        expect(['onea', 'twoa']).toContain(text);
        if (failed && how === 'throws') expect(text).toBe('onea'); // what threw has changed nothing
        if (text === 'twoa') landed++;
        await writeFolder(target, files('three', 'a', 'b'));
        expect(await read(target, 'a')).toBe('threea');
        expect(await beside(name)).toEqual([]);
      }
      expect(landed).toBeGreaterThan(0);
    },
  );

  it('keeps what another running process is writing', async () => {
    const theirs = join(dir, `.shared.saving-${process.ppid}-1`);
    await mkdir(theirs);
    await writeFolder(join(dir, 'shared'), files('one', 'a'));
    expect(await readdir(theirs)).toEqual([]);
  });
});

describe('verifyFolder', () => {
  it('names the file that is missing, cut or changed', async () => {
    const good = join(dir, 'good');
    await writeFolder(good, files('one', 'a', 'b'));
    const broken = async (change: (d: string) => Promise<unknown>) => {
      const copy = join(dir, 'copy');
      await rm(copy, { recursive: true, force: true });
      await cp(good, copy, { recursive: true });
      await change(copy);
      return verifyFolder(copy);
    };
    await broken((d) => writeFile(join(d, 'notes.txt'), 'mine'));
    const cases: [(d: string) => Promise<unknown>, RegExp][] = [
      [(d) => rm(join(d, 'b')), /copy\/b is missing/],
      [(d) => writeFile(join(d, 'b'), 'on'), /copy\/b has 2 bytes, its manifest says 4/],
      [(d) => writeFile(join(d, 'b'), 'oneB'), /copy\/b has the SHA-256/],
      [
        (d) => rm(join(d, 'manifest.json')),
        /manifest\.json: there is none\. The folder is no finished checkpoint/,
      ],
      [(d) => writeFile(join(d, 'manifest.json'), '{'), /is not JSON/],
      [(d) => writeFile(join(d, 'manifest.json'), '{"manifest":9}'), /has the version 9/],
      [
        (d) =>
          writeFile(join(d, 'manifest.json'), '{"manifest":1,"files":{"../good/a":{"bytes":4,"sha256":""}}}'),
        /broken entry "..\/good\/a"/,
      ],
    ];
    for (const [change, message] of cases) {
      await expect(broken(change)).rejects.toThrow(message);
      await expect(broken(change)).rejects.toThrow(CheckpointError);
    }
  });

  it('gives a CheckpointError or a right read on any mutation of the manifest', async () => {
    const target = join(dir, 'mutated');
    await writeFolder(target, files('one', 'a', 'b'));
    const path = join(target, 'manifest.json');
    const text = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.nat(255), fc.nat(text.length), async (at, value, cut) => {
        const copy = Buffer.from(text.subarray(0, Math.max(at + 1, cut)));
        copy[at] = value;
        await writeFile(path, copy);
        await verifyFolder(target).catch((error: unknown) => expect(error).toBeInstanceOf(CheckpointError));
      }),
      { numRuns: 300, seed: 4 },
    );
  });
});
