import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examineEngines, takenBy } from '../../src/cli/engine/doctor.ts';
import { folderOf } from '../../src/engine/index.ts';
import { MANIFEST } from '../../src/engine/install/place.ts';

const before = process.env.HI_ZFO_CACHE;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-engine-doctor-'));
  process.env.HI_ZFO_CACHE = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.HI_ZFO_CACHE;
  else process.env.HI_ZFO_CACHE = before;
  rmSync(folder, { recursive: true });
});

/** The findings by name, with some of the environment set. */
async function examine(env: NodeJS.ProcessEnv = {}, nodeVersion = '22.23.0') {
  const findings = await examineEngines({ env: { ...process.env, PATH: folder, ...env }, nodeVersion });
  return Object.fromEntries(findings.map((finding) => [finding.name, finding]));
}

describe('hi-zfo engine doctor', () => {
  it('finds wasm well where nothing is installed, and says how to install each of the others', async () => {
    const found = await examine();
    expect(found.wasm).toMatchObject({ state: 'ok' });
    expect(takenBy(Object.values(found))).toBe('wasm');
    for (const name of ['fast', 'native', 'webgpu']) {
      expect(found[name]).toMatchObject({ state: 'skipped' });
      expect(found[name]!.found).toMatch(`npx hi-zfo engine install ${name}`);
    }
    expect(found['nvidia driver']).toMatchObject(
      existsSync('/dev/nvidia0')
        ? { state: 'wrong', found: '/dev/nvidia0 is there, but nvidia-smi does not run' }
        : { state: 'skipped', found: 'no NVIDIA card here' },
    );
  });

  it.each(['banana', '0', '1000', '1.5'])('says what is wrong with HI_ZFO_THREADS=%s', async (threads) => {
    const findings = await examine({ HI_ZFO_THREADS: threads });
    const { threads: found, wasm } = findings;
    expect(takenBy(Object.values(findings))).toBeUndefined();
    expect(found).toMatchObject({ state: 'wrong' });
    expect(found!.found).toMatch(`HI_ZFO_THREADS is "${threads}"`);
    expect(wasm).toMatchObject({ state: 'skipped' });
  });

  it('says which Node is too old', async () => {
    expect((await examine({}, '18.20.0')).node).toMatchObject({ state: 'wrong' });
  });

  it.skipIf(process.platform === 'win32')('sends an owner of a card to the gpu engine', async () => {
    writeFileSync(join(folder, 'nvidia-smi'), "#!/bin/sh\necho 'NVIDIA L4, 550.54.15'\n");
    chmodSync(join(folder, 'nvidia-smi'), 0o755);
    const found = await examine();
    expect(found['nvidia driver']).toMatchObject({ state: 'ok', found: 'NVIDIA L4, driver 550.54.15' });
    expect(found.gpu).toMatchObject({ state: 'warning', todo: 'npx hi-zfo engine install gpu' });
  });

  it('has an engine made anew that lacks a part', async () => {
    for (const name of ['fast', 'native'] as const) {
      mkdirSync(folderOf(name), { recursive: true });
      writeFileSync(join(folderOf(name), MANIFEST), '{}');
    }
    const found = await examine();
    expect(found.native).toMatchObject({ state: 'wrong' });
    expect(found.native!.todo).toMatch(/uninstall native, then npx hi-zfo engine install native/);
    expect(found.fast!.todo ?? found.fast!.found).toMatch(
      /uninstall fast, then npx hi-zfo engine install fast/,
    );
  });
});
