import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder, realDisk } from '../../src/formats/index.ts';

const top = mkdtempSync(join(tmpdir(), 'hi-zfo-folder-'));
afterAll(() => rmSync(top, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing, and is content with what is there', () => {
    const deep = join(top, 'a/b/c');
    makeFolder(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
    makeFolder(deep);
  });

  it('fails where a file is in the way', () => {
    writeFileSync(join(top, 'file'), '');
    expect(() => makeFolder(join(top, 'file/below/it'))).toThrow(/ENOTDIR/);
  });

  it.skipIf(!existsSync('/proc/self'))('fails at once where no folder can be made', async () => {
    expect(() => makeFolder('/proc/hi-zfo/below')).toThrow(/ENOENT/);
    await expect(realDisk.makeFolder('/proc/hi-zfo/below')).rejects.toThrow(/ENOENT/);
  });
});
