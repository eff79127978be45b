import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { folderOf, installNative, uninstallEngine } from '../../src/engine/index.ts';
import { MANIFEST } from '../../src/engine/install/place.ts';
import { shareTfjs } from '../../src/engine/install/share-tfjs.ts';
import { tool } from '../../src/engine/install/tool.ts';
import { loadNative } from '../../src/engine/native/load.ts';
import { verify, wheelFor } from '../../src/engine/native/recipe.ts';

const cache = mkdtempSync(join(tmpdir(), 'hi-zfo-engines-'));
const before = process.env.HI_ZFO_CACHE;
beforeAll(() => {
  process.env.HI_ZFO_CACHE = cache;
});
afterAll(() => {
  if (before === undefined) delete process.env.HI_ZFO_CACHE;
  else process.env.HI_ZFO_CACHE = before;
  rmSync(cache, { recursive: true });
});

describe('the recipe of native engines', () => {
  it('knows the wheels of Linux and says where it has none', () => {
    expect(wheelFor('native', 'linux', 'x64').project).toBe('tensorflow-cpu');
    expect(wheelFor('gpu', 'linux', 'x64').project).toBe('tensorflow');
    expect(() => wheelFor('gpu', 'linux', 'arm64')).toThrow(EngineError);
    expect(() => wheelFor('native', 'darwin', 'arm64')).toThrow(/darwin arm64/);
  });

  it('takes only the wheel that was tried', async () => {
    const file = join(cache, 'abc.whl');
    writeFileSync(file, 'abc');
    const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'; // FIPS 180-2, appendix B.1
    await verify(file, { project: 'x', sha256, megabytes: 0 });
    writeFileSync(file, 'abd');
    await expect(verify(file, { project: 'x', sha256, megabytes: 0 })).rejects.toThrow(/torn download/);
  });

  it.runIf(process.platform === 'linux')('leaves nothing behind when it fails', async () => {
    const wheel = join(cache, 'wrong.whl');
    writeFileSync(wheel, 'no wheel');
    await expect(installNative('native', { wheel })).rejects.toThrow(/sha256/);
    await expect(installNative('native', { wheel: join(cache, 'none.whl') })).rejects.toThrow(/none\.whl/);
    expect(existsSync(folderOf('native'))).toBe(false);
  });
});

describe('uninstall', () => {
  it('removes what was installed and nothing else', async () => {
    expect(await uninstallEngine('native')).toBe(false);
    const folder = folderOf('native');
    mkdirSync(folder, { recursive: true });
    await expect(uninstallEngine('native')).rejects.toThrow(EngineError);
    expect(existsSync(folder)).toBe(true);
    writeFileSync(join(folder, MANIFEST), '{}');
    expect(await uninstallEngine('native')).toBe(true);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('loading', () => {
  /** An installation whose package does what `code` says. */
  function fake(code: string): string {
    const folder = folderOf('native');
    const addon = join(folder, 'node_modules/@tensorflow/tfjs-node');
    mkdirSync(join(addon, 'lib/napi-v8'), { recursive: true });
    mkdirSync(join(addon, 'dist'), { recursive: true });
    writeFileSync(join(addon, 'lib/napi-v8/tfjs_binding.node'), '');
    writeFileSync(join(folder, 'package.json'), '{}');
    writeFileSync(join(folder, MANIFEST), '{}');
    writeFileSync(join(addon, 'package.json'), '{"name":"@tensorflow/tfjs-node","main":"dist/index.js"}');
    writeFileSync(join(addon, 'dist/index.js'), code);
    return folder;
  }

  it('gives an installed engine our own TF.js, also after it was somewhere else', async () => {
    const folder = fake('');
    for (let round = 0; round < 2; round++) {
      await shareTfjs(folder);
      const manifest = join(folder, 'node_modules/@tensorflow/tfjs/package.json');
      expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ name: '@tensorflow/tfjs' });
      rmSync(join(folder, 'node_modules/@tensorflow/tfjs'));
    }
  });

  it('tells why an engine does not load', async () => {
    fake('throw new Error("libtensorflow.so.2: cannot open shared object file")');
    await expect(loadNative('@tensorflow/tfjs-node')).rejects.toThrow(/cannot open shared object/);
  });
});

describe('a package whose addon was not downloaded', () => {
  it('is not loaded at all', async () => {
    const addon = join(folderOf('native'), 'node_modules/@tensorflow/tfjs-node');
    rmSync(join(addon, 'lib'), { recursive: true });
    await expect(loadNative('@tensorflow/tfjs-node')).rejects.toThrow(/no addon/);
  });
});

describe('tool', () => {
  it('gives what a program prints, and its last words when it fails', async () => {
    expect(await tool(process.execPath, ['-p', '6 * 7'], '')).toBe('42\n');
    const failing = tool(process.execPath, ['-e', 'console.error("no luck"); process.exit(3)'], 'Try again.');
    await expect(failing).rejects.toThrow(/code 3\. Try again\.[\s\S]*no luck/);
    await expect(tool('no-such-program', [], 'Install it.')).rejects.toThrow(/no-such-program.*Install it/);
  });
});
