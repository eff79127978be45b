import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { printed, resultText, runCell, startKernel } from './kernel-under-test.ts';

const FILES: Record<string, string> = {
  'notebooks/helper.ts':
    'export const own = 5; export interface Shape { a: number } export default class Tool {}',
  'notebooks/data.json': '{ "a": 1 }',
  'notebooks/late.mjs': 'export const late = 4; await 0;',
  'notebooks/node_modules/modern/package.json':
    '{ "name": "modern", "version": "1.0.0", "type": "module", "exports": { ".": { "types": "./i.d.ts", "default": "./i.js" } } }',
  'notebooks/node_modules/modern/i.js': 'export const modern = 3;',
  'notebooks/node_modules/modern/i.d.ts': 'export declare const modern: number;',
  'notebooks/node_modules/import-only/package.json':
    '{ "name": "import-only", "version": "1.0.0", "type": "module", "exports": { ".": { "import": "./i.js" } } }',
  'notebooks/node_modules/import-only/i.js': 'export const only = 6;',
  'src/above.ts':
    "import { deep } from './deep/deep.ts';\nexport const above = deep + 1;\nexport async function lazy() { return (await import('./deep/deep')).deep; }",
  'src/deep/deep.ts': "import { join } from 'node:path';\nexport const deep: number = join('a', 'b').length;",
};

const folder = mkdtempSync(join(tmpdir(), 'hi-zfo-language-'));
let kernel: KernelClient;
beforeAll(async () => {
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  kernel = await startKernel(join(folder, 'notebooks'));
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

describe('a cell takes', () => {
  it.each([
    [
      'a TypeScript file beside the notebook',
      "import { own, type Shape } from './helper'; const s: Shape = { a: own }; s.a",
      '5',
    ],
    ['a file by its name with .ts', "import { own as named } from './helper.ts'; named", '5'],
    ['a default export', "import Tool from './helper'; new Tool()", 'Tool {}'],
    ['JSON', "import data from './data.json'; data.a", '1'],
    [
      'a file above its folder, with its own imports',
      "import { above, lazy } from '../src/above'; above",
      '4',
    ],
    ['an import() inside of such a file', 'await lazy()', '3'],
    [
      'a package with exports, typed',
      "import { modern } from 'modern'; const typed: number = modern; typed",
      '3',
    ],
    ['import() of it', "const m = await import('modern'); m.modern", '3'],
    ['import() of a package for import only', "const o = await import('import-only'); o.only", '6'],
    ['import() of a module with an await at its top', "const l = await import('./late.mjs'); l.late", '4'],
    ['import() of a TypeScript file', "const h = await import('../src/above.ts'); h.above", '4'],
    [
      'import() of a module whose types have no names here',
      "const fs = await import('node:fs'); typeof fs.readFileSync",
      'function',
    ],
    ['what import() gave, in a later cell', 'typeof fs.existsSync', 'function'],
    ['import type', "import type { Shape as Form } from './helper'; const f: Form = { a: 2 }; f.a", '2'],
    ['await in the middle', 'const a = 1; const b = await Promise.resolve(2); const sum = a + b; sum', '3'],
    ['await with its operand on the next line', 'const c = await\n  Promise.resolve(7);\nc', '7'],
    ['await in a template', '`${await (Promise.resolve(8))}`', '8'],
    [
      'destructured names of an earlier cell',
      'const { p, q: [r, ...rest] } = { p: 1, q: [2, 3, 4] };\n({ p, r, rest })',
      '{ p: 1, r: 2, rest: [ 3, 4 ] }',
    ],
    ['a class again, otherwise', 'class A { x = 1 }\nnew A();', 'A { x: 1 }'],
    ['its second form', "class A { y = 'two' }\nnew A().y", 'two'],
    [
      'decorators',
      'const seen: string[] = []; function note(t: any, key: string) { seen.push(key); }\nclass D { @note m() {} }\nseen',
      "[ 'm' ]",
    ],
    ['an enum', 'enum Colour { red, blue }\nColour[1]', 'blue'],
    ['it in a later cell', 'Colour.red', '0'],
    [
      'generics, const type parameters and satisfies',
      'const tuple = <const T,>(x: T) => x; tuple([1, 2] as const) satisfies readonly [1, 2]',
      '[ 1, 2 ]',
    ],
    ['a name that is also a global', 'const Map = 5; Map', '5'],
    ['a namespace', 'namespace N { export const k = 3 }\nN.k', '3'],
    [
      'an iteration that awaits, alone in its cell',
      "for await (const n of [Promise.resolve(1)]) console.log(n);\n'done'",
      'done',
    ],
  ])('%s', async (_, code, expected) => {
    const outcome = await runCell(kernel, code);
    expect(outcome.reply.status, JSON.stringify(outcome.reply.traceback)).toBe('ok');
    expect(resultText(outcome)).toBe(expected);
  });

  it('a file as it is now, after it was edited', async () => {
    const file = join(folder, 'src/edited.ts');
    writeFileSync(file, 'export const edited = 1;');
    const cell = "import { edited } from '../src/edited'; edited";
    expect(resultText(await runCell(kernel, cell))).toBe('1');
    writeFileSync(file, 'export const edited = 2;');
    await expect
      .poll(async () => resultText(await runCell(kernel, cell)), { timeout: 10_000, interval: 300 })
      .toBe('2');
  });
});

describe('a cell is told plainly', () => {
  it.each([
    ['using', 'using u = { [Symbol.dispose]() {} };', '1:1 - using declarations need TypeScript 5.2'],
    ['await using', '{\n  await using u = 1;\n}', '2:9 - using declarations need TypeScript 5.2'],
    [
      'a type error in a file',
      "import { above as n } from '../src/above'; const t: string = n;",
      "Type 'number' is not assignable to type 'string'",
    ],
    [
      'a module that is not there',
      "const no = await import('no-such-module');",
      "Cannot find module 'no-such-module'",
    ],
  ])('%s', async (_, code, expected) => {
    const { reply } = await runCell(kernel, code);
    expect(reply.evalue).toContain(expected);
    expect((reply.traceback as string[]).filter((line) => line.includes('TypeScriptError'))).toHaveLength(1);
  });

  it.each([
    ["import { only } from 'import-only'; only", "await import('package')"],
    ['import.meta.url', 'process.cwd()'],
    ['__dirname', 'process.cwd()'],
  ])('what to write instead of %s', async (code, expected) => {
    const { reply } = await runCell(kernel, code);
    expect((reply.traceback as string[]).at(-1)).toMatch(/^Hint: /);
    expect((reply.traceback as string[]).at(-1)).toContain(expected);
  });

  it('nothing of the kind where using is a name', async () => {
    expect(resultText(await runCell(kernel, 'const using = 3; using'))).toBe('3');
  });
});

it('a cell that fails in the middle keeps its declarations, also the imported ones', async () => {
  const failed = await runCell(
    kernel,
    "import * as path from 'node:path';\nconst half = 1; console.log('ran'); throw new Error('x'); ",
  );
  expect([failed.reply.status, printed(failed)]).toEqual(['error', 'ran\n']);
  expect(resultText(await runCell(kernel, "half + path.join('a', 'b').length"))).toBe('4');
});
