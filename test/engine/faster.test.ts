import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findNvidia, folderOf } from '../../src/engine/index.ts';
import { fasterThan } from '../../src/engine/faster.ts';
import { MANIFEST } from '../../src/engine/install/place.ts';

const before = { ...process.env };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-card-'));
  process.env.HI_ZFO_CACHE = folder;
  process.env.PATH = folder;
});
afterEach(() => {
  Object.assign(process.env, { PATH: before.PATH, HI_ZFO_CACHE: before.HI_ZFO_CACHE });
  if (before.HI_ZFO_CACHE === undefined) delete process.env.HI_ZFO_CACHE;
  rmSync(folder, { recursive: true });
});

/** An nvidia-smi that prints this. */
function card(printed: string): void {
  const program = join(folder, 'nvidia-smi');
  writeFileSync(program, `#!/bin/sh\n${printed ? `echo '${printed}'` : 'exit 9'}\n`);
  chmodSync(program, 0o755);
}
function install(name: 'fast' | 'gpu'): void {
  mkdirSync(folderOf(name), { recursive: true });
  writeFileSync(join(folderOf(name), MANIFEST), '{}');
}

describe.skipIf(process.platform === 'win32')('the NVIDIA card', () => {
  it('is the first that nvidia-smi names', async () => {
    card('NVIDIA H100 80GB HBM3, 550.54.15');
    expect(await findNvidia()).toEqual({ name: 'NVIDIA H100 80GB HBM3', driver: '550.54.15' });
  });

  it('is one without a driver, or none, when nvidia-smi fails or finds no device', async () => {
    card('');
    expect(await findNvidia()).not.toBeInstanceOf(Object);
    process.env.PATH = `${folder}:`;
    card('No devices were found');
    expect(await findNvidia()).not.toBeInstanceOf(Object);
  });

  it('is a hint of every engine that does not use it', async () => {
    card('NVIDIA L4, 550.54.15');
    const hint = 'the gpu engine, still experimental, on the NVIDIA L4: npx hi-zfo engine install gpu';
    for (const name of ['wasm', 'fast', 'native', 'cpu'] as const)
      expect(await fasterThan(name)).toContain(hint);
    for (const name of ['gpu', 'webgpu'] as const) expect(await fasterThan(name)).toEqual([]);
  });
});

/** Hints but for that of a card that this machine may have. */
const fasterBesides = async (...of: Parameters<typeof fasterThan>) =>
  (await fasterThan(...of)).filter((hint) => !hint.includes('NVIDIA'));

describe('the hint of another engine', () => {
  it('is to install it, to open it when it is there, to make it anew when it did not load', async () => {
    expect(await fasterBesides('wasm')).toEqual([
      'the fast engine, up to twice as fast: npx hi-zfo engine install fast',
    ]);
    install('fast');
    expect(await fasterBesides('native')).toEqual([
      "the fast engine, up to twice as fast: open({ engine: 'fast' })",
    ]);
    const rejected = [{ name: 'fast', reason: 'broken' }];
    expect((await fasterBesides('wasm', { rejected }))[0]).toMatch(/uninstall fast, then .* install fast/);
    expect(await fasterBesides('fast')).toEqual([]);
  });

  it('is a newer Node where threads cannot share the heap', async () => {
    for (const name of ['wasm', 'fast'] as const) {
      const hints = await fasterBesides(name, { oneThread: true });
      expect(hints).toHaveLength(1);
      expect(hints[0]).toMatch(/several threads.*Node 22\.23, 24\.9/);
    }
  });
});
