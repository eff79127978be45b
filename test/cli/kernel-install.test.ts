import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { installation, type InstalledFile } from '../../src/cli/kernel/content.ts';
import { install, uninstall } from '../../src/cli/kernel/install.ts';
import { manifestPath } from '../../src/cli/kernel/manifest.ts';
import { defaultPlace, prefixPlace, userPlace, type Place } from '../../src/cli/kernel/places.ts';
import { packageRoot } from '../../src/package-root.ts';

const top = mkdtempSync(join(tmpdir(), 'hi-zfo-install-'));
afterAll(() => rmSync(top, { recursive: true }));
let count = 0;
let place: Place;
beforeEach(() => void (place = prefixPlace(join(top, String(count++)))));

/** A folder with what a built package has. */
function builtPackage(): string {
  const root = join(top, 'package');
  for (const [path, text] of Object.entries({
    'dist/kernel/main.mjs': '',
    'jupyter/kernels/hi-zfo/kernel.json':
      '{"argv":["node"],"display_name":"TypeScript (Hi-ZFO)","language":"typescript"}',
    'jupyter/kernels/hi-zfo/logo-svg.svg': '<svg/>',
    'jupyter/kernels/hi-zfo/logo-32x32.png': '32',
    'jupyter/kernels/hi-zfo/logo-64x64.png': '64',
    'jupyter/labextensions/hi-zfo-plotly/package.json': '{"version":"1.0.0"}',
    'jupyter/labextensions/hi-zfo-plotly/static/remoteEntry.js': '',
    'jupyter/labextensions/hi-zfo-plotly/static/plotly.min.js': 'plotly',
  })) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const files = (): InstalledFile[] => installation(builtPackage(), '/usr/bin/node-of-mine');
const all = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(folder, path)).isFile())
        .sort()
    : [];
const specFile = () => join(place.data, 'kernels/hi-zfo/kernel.json');

describe('install', () => {
  it('says where it cannot write, at once, and leaves nothing behind', () => {
    const file = join(top, 'a file');
    writeFileSync(file, '');
    expect(() => install(prefixPlace(join(file, 'env')), files(), '1.2.3')).toThrow(
      /takes no new folder \(ENOTDIR\).*--prefix DIR or --user/,
    );
    if (existsSync('/proc/self')) {
      expect(() => install(prefixPlace('/proc/x'), files(), '1.2.3')).toThrow(/\/proc takes no new folder/);
    }
    const half = { ...place, config: join(file, 'etc') };
    expect(() => install(half, files(), '1.2.3')).toThrow(/cannot be written/);
    expect(all(place.data)).toEqual([]);
    expect(existsSync(place.data)).toBe(false);
  });

  it('writes a kernelspec with absolute paths, icons, the extension and the setting', () => {
    install(place, files(), '1.2.3');
    expect(all(place.data)).toEqual([
      'kernels/hi-zfo/installed.json',
      'kernels/hi-zfo/kernel.json',
      'kernels/hi-zfo/logo-32x32.png',
      'kernels/hi-zfo/logo-64x64.png',
      'kernels/hi-zfo/logo-svg.svg',
      'labextensions/hi-zfo-plotly/package.json',
      'labextensions/hi-zfo-plotly/static/plotly.min.js',
      'labextensions/hi-zfo-plotly/static/remoteEntry.js',
    ]);
    expect(JSON.parse(readFileSync(specFile(), 'utf8'))).toEqual({
      argv: [
        '/usr/bin/node-of-mine',
        '--disable-warning=ExperimentalWarning',
        join(top, 'package/dist/kernel/main.mjs'),
        '--connection-file',
        '{connection_file}',
      ],
      display_name: 'TypeScript (Hi-ZFO)',
      language: 'typescript',
    });
    const setting = join(place.config, 'labconfig/default_setting_overrides.d/hi-zfo.json');
    expect(readFileSync(setting, 'utf8')).toContain('"saveState": true');
  });

  it('twice is the same as once, and uninstall leaves nothing', () => {
    install(place, files(), '1.2.3');
    const once = all(place.data).map((path) => readFileSync(join(place.data, path), 'utf8'));
    install(place, files(), '1.2.3');
    expect(all(place.data).map((path) => readFileSync(join(place.data, path), 'utf8'))).toEqual(once);
    const removal = uninstall(place);
    expect([removal?.removed.length, removal?.kept]).toEqual([8, []]);
    expect([...readdirSync(place.data), ...readdirSync(place.config)]).toEqual([]);
    expect(uninstall(place)).toBeUndefined();
  });

  it('anew takes away what a later version no longer has', () => {
    install(
      place,
      [...files(), { base: 'data', path: 'labextensions/old/a.js', contents: Buffer.from('a') }],
      '1.0.0',
    );
    install(place, files(), '2.0.0');
    uninstall(place);
    expect(readdirSync(place.data)).toEqual([]);
  });

  it('keeps what others have put beside it', () => {
    const neighbour = join(place.data, 'kernels/python3/kernel.json');
    mkdirSync(join(neighbour, '..'), { recursive: true });
    writeFileSync(neighbour, 'x');
    install(place, files(), '1.2.3');
    writeFileSync(join(place.data, 'kernels/hi-zfo/notes.txt'), 'mine');
    writeFileSync(join(place.data, 'labextensions/hi-zfo-plotly/package.json'), 'changed');
    expect(uninstall(place)?.kept).toEqual([join(place.data, 'labextensions/hi-zfo-plotly/package.json')]);
    expect(all(place.data)).toEqual([
      'kernels/hi-zfo/notes.txt',
      'kernels/python3/kernel.json',
      'labextensions/hi-zfo-plotly/package.json',
    ]);
  });

  it.each(['kernels/hi-zfo/kernel.json', 'labextensions/hi-zfo-plotly/package.json'])(
    'refuses to replace a strange %s, and changes nothing',
    (path) => {
      const file = join(place.data, path);
      mkdirSync(join(file, '..'), { recursive: true });
      writeFileSync(file, 'of somebody else');
      expect(() => install(place, files(), '1.2.3')).toThrow(/was not put there by hi-zfo.*--prefix/);
      expect(all(place.data)).toEqual([path]);
      expect(uninstall(place)).toBeUndefined();
      expect(readFileSync(file, 'utf8')).toBe('of somebody else');
    },
  );

  it('broken off in the middle can be removed', () => {
    const broken: InstalledFile[] = files();
    const blocked = join(place.config, 'labconfig');
    mkdirSync(place.config, { recursive: true });
    writeFileSync(blocked, 'a file where a folder must be');
    expect(() => install(place, broken, '1.2.3')).toThrow();
    uninstall(place);
    expect(all(place.data)).toEqual([]);
    expect(readFileSync(blocked, 'utf8')).toContain('a file');
  });

  it.each([
    'not json',
    '{"by":"hi-zfo","files":[{"base":"data","path":"../../etc/passwd","sha256":""}],"folders":[]}',
  ])('removes nothing by the manifest %s', (text) => {
    install(place, files(), '1.2.3');
    writeFileSync(manifestPath(place), text);
    expect(() => uninstall(place)).toThrow('nothing was changed');
    expect(existsSync(specFile())).toBe(true);
  });

  it('needs a build', () => {
    expect(() => installation(join(top, 'nowhere'))).toThrow('npm run build');
  });

  it('takes the files of this repository', () => {
    const names = ['logo-svg.svg', 'logo-32x32.png', 'logo-64x64.png', 'kernel.json'];
    for (const name of names)
      expect(existsSync(join(packageRoot(), 'jupyter/kernels/hi-zfo', name))).toBe(true);
  });
});

describe('places', () => {
  it.each([
    ['linux', {}, '/home/a/.local/share/jupyter', '/home/a/.jupyter'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/jupyter', '/home/a/.jupyter'],
    ['darwin', {}, '/home/a/Library/Jupyter', '/home/a/.jupyter'],
    ['win32', { APPDATA: '/roaming' }, '/roaming/jupyter', '/home/a/.jupyter'],
    ['linux', { JUPYTER_DATA_DIR: '/d', JUPYTER_CONFIG_DIR: '/c' }, '/d', '/c'],
  ] as const)('of the user on %s with %o', (platform, env, data, config) => {
    expect(userPlace(env, platform, '/home/a')).toMatchObject({ data, config });
  });

  it('of nobody in particular are those of the active environment', () => {
    expect(defaultPlace({ VIRTUAL_ENV: '/venv' })).toMatchObject({
      data: '/venv/share/jupyter',
      config: '/venv/etc/jupyter',
    });
    expect(defaultPlace({ CONDA_PREFIX: '/conda' }).data).toBe('/conda/share/jupyter');
    expect(defaultPlace({ JUPYTER_DATA_DIR: '/d' }).data).toBe('/d');
  });
});
