import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type * as TypeScript from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
// The compiler inside tslab: TypeScript 5.0, which finds packages in the way of Node 10.
const ts = createRequire(createRequire(import.meta.url).resolve('tslab/package.json'))(
  '@tslab/typescript-for-tslab',
) as typeof TypeScript;

let folder: string;
beforeAll(() => {
  expect(existsSync(join(root, 'dist/index.d.cts')), 'dist is missing: run npm run build').toBe(true);
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-types-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/hi-zfo'), 'junction');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cells = {
  good: `
    import { Figure, directionPart, estimate, plainFigure } from 'hi-zfo';
    import type { Engine, EngineDescription, FigureSpec, Parameter } from 'hi-zfo';
    const figure: Figure = new Figure([{ y: [1, 2] }], { title: { text: 't' } }, 'words');
    const png: Promise<Uint8Array> = figure.png();
    export const device = (engine: Engine): EngineDescription => engine.describe();
    export const own: FigureSpec = plainFigure([{ y: [1, 2] }], { title: 't', x: { title: 'x', type: 'log' }, y: 'y' });
    export const u = (engine: Engine, p: Parameter) => directionPart(engine, { seed: 1, step: 0, query: 0, law: 'gaussian' }, p);
    export { estimate, png };
  `,
  wrongType: `import { Figure } from 'hi-zfo'; export const n: number = new Figure([], {}, 't');`,
  wrongName: `import { noSuchThing } from 'hi-zfo'; export { noSuchThing };`,
};

/** What the compiler of a notebook says about each cell and about the package's own types. */
function complaints(): Record<string, string[]> {
  const files = Object.entries(cells).map(([name, source]) => {
    const file = join(folder, `${name}.ts`);
    writeFileSync(file, source);
    return file;
  });
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.CommonJS,
    moduleResolution: 2, // node10, named NodeJs in 5.0
    target: ts.ScriptTarget.ES2020,
    esModuleInterop: true,
    noEmit: true,
    strict: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  });
  const said: Record<string, string[]> = {};
  for (const { file, messageText } of ts.getPreEmitDiagnostics(program)) {
    if (file?.fileName.includes('/node_modules/')) continue;
    const name = file ? basename(file.fileName, '.ts') : 'options';
    (said[name] ??= []).push(ts.flattenDiagnosticMessageText(messageText, '\n'));
  }
  return said;
}

describe('types of the package in a notebook', () => {
  it('is TypeScript 5.0 that reads them', () => expect(ts.version).toMatch(/^5\.0\./));

  it('are found, understood and checked', () => {
    expect(complaints()).toEqual({
      wrongType: [expect.stringContaining('is not assignable to type')],
      wrongName: [expect.stringContaining('noSuchThing')],
    });
  });
});
