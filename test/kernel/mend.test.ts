import fc from 'fast-check';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { Compiler } from '../../src/kernel/compiler.ts';
import { mend } from '../../src/kernel/mend.ts';

const require = createRequire(import.meta.url);
const ts = createRequire(require.resolve('tslab/dist/main.js'))('@tslab/typescript-for-tslab') as Compiler;
const code = (text: string) => mend(ts, text).code;

describe('mending a cell', () => {
  it.each([
    ['({ a, b: 1 })', '({ a: a, b: 1 })'],
    ['({ a = 1 } = o)', '({ a: a = 1 } = o)'],
    ['await (x)', 'await Promise.resolve((x))'],
    ['await (async () => { await (y) })()', 'await Promise.resolve((async () => { await (y) })())'],
    ['const a = await\n b;', 'const a = await Promise.resolve(\n b);'],
    ["const m = await import('x'), n = 1", "const m: typeof import('x') = await import('x'), n = 1"],
    ["const { m } = await import('x')", "const { m } = await import('x')"],
    ["const m: any = await import('x')", "const m: any = await import('x')"],
    ['for await (const x of g()) f(x)', 'await 0; for await (const x of g()) f(x)'],
    ['await g(); for await (const x of g()) f(x)', 'await g(); for await (const x of g()) f(x)'],
    ['export const a = 1', '       const a = 1'],
    ['export default 5', '               5'],
    ['const a = 1;\nexport {\n a };', 'const a = 1;\n        \n     '],
    ['export * from "x"', 'export * from "x"'],
    ['import * as a from "a"; a', 'import * as a from "a"; a'],
    ['this does not parse (', 'this does not parse ('],
  ])('%s', (typed, expected) => {
    expect(code(typed)).toBe(expected);
  });

  it('knows what was put in', () => {
    const mended = mend(ts, '({ a, b }); await (x)');
    const put = Array.from(mended.code, (letter, i) => (mended.isPutIn(i) ? letter : '.')).join('');
    expect(put).toBe(`....: a...: b${'.'.repeat(11)}Promise.resolve(...)`);
  });

  it('keeps every line, and finds the way back', () => {
    const pieces = [
      '({ a, b });',
      'await (x);',
      'export const c = 1;',
      'let d = [1];',
      '// note',
      '({ a });\nawait ([y]);',
      'const e = await\n  f();',
      "const g = await import('h');",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (list) => {
        const typed = list.join('\n');
        const mended = mend(ts, typed);
        expect(mended.code.split('\n')).toHaveLength(typed.split('\n').length);
        // Every letter that both have stands where the way back says.
        let last = 0;
        for (let offset = 0; offset <= mended.code.length; offset++) {
          const back = mended.toCell(offset);
          expect(back).toBeGreaterThanOrEqual(last);
          last = back;
        }
        expect(last).toBe(typed.length);
      }),
    );
  });
});
