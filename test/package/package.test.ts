import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  bin: Record<string, string>;
};
const cli = join(root, manifest.bin['hi-zfo']!);

describe('the built package', () => {
  it('gives the same names to require and import', async () => {
    const required = createRequire(import.meta.url)(join(root, 'dist/index.cjs')) as object;
    const imported = (await import(join(root, 'dist/index.mjs'))) as object;
    expect(Object.keys(imported).length).toBeGreaterThan(10);
    expect(
      Object.keys(required)
        .filter((name) => name !== '__esModule')
        .sort(),
    ).toEqual(Object.keys(imported).sort());
  });

  it('is in order for npm', async () => {
    const { messages, pkg } = await publint({ pkgDir: root, pack: false });
    const serious = messages.filter(({ type }) => type !== 'suggestion');
    expect(serious.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('has a command that runs by itself', async () => {
    expect((await run(cli, ['--version'])).stdout.trim()).toBe(manifest.version);
  });

  it('has a command that refuses what it does not know', async () => {
    await expect(run(cli, ['no-such-command'])).rejects.toMatchObject({ code: 1, stdout: '' });
  });
});
