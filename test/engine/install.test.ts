import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { installCommand, isInstalled, folderOf, installable } from '../../src/engine/index.ts';
import { makeEngineFolder, removeEngineFolder } from '../../src/engine/install/folder.ts';
import { npmInstall } from '../../src/engine/install/npm.ts';
import { enginesFolder, MANIFEST } from '../../src/engine/install/place.ts';

let cache: string;
let target: string;
let said: string[];
const say = (line: string) => void said.push(line);
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'hi-zfo-install-'));
  target = join(cache, 'engines', 'one');
  said = [];
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** What lies in the folder of engines. */
const there = () => (existsSync(dirname(target)) ? readdirSync(dirname(target)) : []);
const make = (aside: string) => {
  writeFileSync(join(aside, 'library'), '');
  return Promise.resolve({ engine: 'one' });
};
/** The folder in which process `pid` makes the engine, as it was left. */
function partial(pid: number, machine = hostname().replace(/[^\w.]/g, '_')): string {
  const path = `${target}.partial-${pid}-${machine}-0123abcd`;
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'half'), '');
  return path;
}
const endedProcess = () => spawnSync(process.execPath, ['-e', '']).pid;

describe('installing', () => {
  it('makes a folder whole, once', async () => {
    expect(await makeEngineFolder(target, say, make)).toBe(target);
    expect(readdirSync(target).sort()).toEqual([MANIFEST, 'library']);
    await makeEngineFolder(target, say, () => Promise.reject(new Error('made twice')));
    expect(said).toEqual([`already there: ${target}`]);
    expect(there()).toEqual(['one']);
  });

  it('leaves nothing when it fails', async () => {
    await expect(makeEngineFolder(target, say, () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck'); // prettier-ignore
    expect(there()).toEqual([]);
  });

  it('says so when the cache cannot be written, and what to do', async () => {
    writeFileSync(dirname(target), 'a file');
    await expect(makeEngineFolder(target, say, make)).rejects.toThrow(EngineError);
    await expect(makeEngineFolder(target, say, make)).rejects.toThrow(/cannot be written .*Set HI_ZFO_CACHE/);
  });

  it('removes what a killed install has left, and nothing of another machine', async () => {
    const [left, elsewhere] = [partial(endedProcess()), partial(endedProcess(), 'another')];
    await makeEngineFolder(target, say, make);
    expect(said.join()).toContain(left);
    expect([existsSync(left), existsSync(elsewhere)]).toEqual([false, true]);
  });

  it('waits for nobody: a second install at the same time is told of the first', async () => {
    const running = partial(process.pid);
    await expect(makeEngineFolder(target, say, make)).rejects.toThrow(
      new RegExp(`Process ${process.pid} is installing this engine right now.*${running}`),
    );
    expect([existsSync(running), existsSync(target)]).toEqual([true, false]);
  });

  it('takes the folder of a process that was faster', async () => {
    const late = async (aside: string) => {
      mkdirSync(target);
      writeFileSync(join(target, MANIFEST), '{}');
      return make(aside);
    };
    expect(await makeEngineFolder(target, say, late)).toBe(target);
    expect(readdirSync(target)).toEqual([MANIFEST]);
    expect(there()).toEqual(['one']);
  });

  it('does not start where something else is in the way', async () => {
    mkdirSync(target, { recursive: true });
    await expect(makeEngineFolder(target, say, () => Promise.reject(new Error('started')))).rejects.toThrow(
      /in the way.*Remove or rename it/,
    );
    await expect(removeEngineFolder(target)).rejects.toThrow(/Nothing was removed/);
  });

  it('says what to do when npm fails', async () => {
    const nowhere = ['--registry=http://127.0.0.1:9', '--fetch-retries=0'];
    await expect(npmInstall(cache, ['x@1.0.0'], nowhere)).rejects.toThrow(
      /npm install ended with code 1.*is there a network.*proxy/s,
    );
  });
});

describe('removing', () => {
  it('takes what was left of an install or of a removal with it', async () => {
    await makeEngineFolder(target, say, make);
    partial(endedProcess());
    expect(await removeEngineFolder(target)).toBe(true);
    expect(there()).toEqual([]);
    partial(endedProcess());
    expect(await removeEngineFolder(target)).toBe(false);
    expect(there()).toEqual([]);
  });
});

describe('an engine that hi-zfo installs', () => {
  it('has a folder of its own under the cache, also one that is given from here', () => {
    const folders = installable.map((name) => folderOf(name, { HI_ZFO_CACHE: 'cache' }));
    expect(new Set(folders.map(dirname))).toEqual(new Set([join(process.cwd(), 'cache', 'engines')]));
    expect(new Set(folders).size).toBe(4);
    expect(enginesFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/hi-zfo/engines');
  });

  it('is to be installed, or made anew', () => {
    const env = { HI_ZFO_CACHE: cache };
    expect(installCommand('fast', env)).toBe('npx hi-zfo engine install fast');
    mkdirSync(folderOf('fast', env), { recursive: true });
    writeFileSync(join(folderOf('fast', env), MANIFEST), '{}');
    expect(isInstalled('fast', env)).toBe(true);
    expect(installCommand('fast', env)).toBe(
      'npx hi-zfo engine uninstall fast, then npx hi-zfo engine install fast',
    );
  });
});
