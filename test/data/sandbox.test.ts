import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { passAtOneScores } from '../../src/data/metrics/pass-at-one.ts';
import { type Candidate, runCandidates } from '../../src/data/metrics/sandbox.ts';
import { ConfigError } from '../../src/errors.ts';

const double = (code: string): Candidate => ({
  code,
  tests: [
    { args: [2], expected: 4 },
    { args: [-3], expected: -6 },
  ],
});

const good = double('x => x * 2');

/** Runs a bad candidate between two good ones: it has to fail, and they have to pass. */
async function failsAlone(code: string): Promise<void> {
  expect(await runCandidates([good, double(code), good]), code).toEqual([true, false, true]);
}

describe('runCandidates', () => {
  it('passes what answers every test rightly', async () => {
    const list: Candidate = {
      code: 'a => a.filter(x => x > 1).map(x => x + 1)',
      tests: [{ args: [[1, 2, 3]], expected: [3, 4] }],
    };
    const text: Candidate = {
      code: "(s, k) => s + 'k'.repeat(k)",
      tests: [{ args: ['o', 2], expected: 'okk' }],
    };
    const named = double('function f(x) { return x + x }');
    expect(await runCandidates([good, list, text, named])).toEqual([true, true, true, true]);
    expect(await runCandidates([])).toEqual([]);
  });

  it.each([
    'x => x + 2', // right on the first test only
    'x => `${x * 2}`',
    'x => undefined',
    'x =>',
    '',
    '7',
    'x => { throw new Error() }',
    'x => { throw { get stack() { for (;;); } } }',
    'x => x * 2; process.exit(0)',
    'x => x * 2); (() => { for (;;); }',
  ])('fails %j', failsAlone);

  it('fails endless loops, also in compilation, promises and getters', async () => {
    await failsAlone('x => { while (true); }');
    await failsAlone('(() => { for (;;); })()');
    await failsAlone('async x => { for (;;) await 0; }');
    await failsAlone('x => ({ toJSON() { for (;;); } })');
    await failsAlone('function f(x) { return f(x) + f(x) }');
  });

  it('fails what fills the memory, and goes on after it', async () => {
    await failsAlone('x => { const a = []; for (;;) a.push(new Array(1e5).fill(a.length)); }');
    await failsAlone("x => { let s = 'ab'; const a = []; for (;;) a.push([...s.repeat(1e5)]); }");
    await failsAlone('x => new Uint8Array(4e9).fill(1).length');
    await failsAlone('x => new WebAssembly.Memory({ initial: 65536 }).buffer.byteLength');
  });

  it.each([
    'require',
    'process',
    'module',
    'fetch',
    'setTimeout',
    'Buffer',
    'WebAssembly',
    'ArrayBuffer',
    'console',
    'globalThis.process',
    "this.constructor.constructor('return process')()",
    "globalThis.constructor.constructor('return process')()",
    "answers.constructor('return process')()",
    "(() => {}).constructor('return 1')()",
    "eval('1')",
    "new Error().stack.constructor.constructor('return process')()",
    'Error.prepareStackTrace = (_, frames) => frames[0].getThis(), new Error().stack.constructor',
    'Error.prepareStackTrace = (_, frames) => frames.map((f) => f.getFunction()).find(Boolean).name, new Error().stack.at(0).x.y',
  ])('keeps %s out of reach', async (code) => {
    // Passes only if the expression gives something.
    const [reached] = await runCandidates([
      {
        code: `() => { const value = (${code}); return value !== undefined; }`,
        tests: [{ args: [], expected: true }],
      },
    ]);
    const harmless = code.startsWith('Error.prepareStackTrace');
    if (!harmless) expect(reached).toBe(false);
    expect(await runCandidates([good, double(`x => (${code})`), good])).toEqual([true, false, true]);
  });

  it('writes no file, even through the outer realm', async () => {
    const target = join(mkdtempSync(join(tmpdir(), 'sandbox-')), 'written');
    const write = `require('fs').writeFileSync(${JSON.stringify(target)}, 'x')`;
    await failsAlone(`x => { ${write}; return x * 2 }`);
    await failsAlone(
      `x => { import('node:fs').then((fs) => fs.writeFileSync(${JSON.stringify(target)}, 'x')); }`,
    );
    expect(existsSync(target)).toBe(false);
  });

  it('lets no candidate change the next one', async () => {
    const spoil = double(
      '(Array.prototype.map = () => [0], JSON.parse = null, Object.prototype.x = 1, x => x * 2)',
    );
    const uses: Candidate = { code: 'a => a.map(x => x + 1)', tests: [{ args: [[1]], expected: [2] }] };
    expect((await runCandidates([spoil, uses]))[1]).toBe(true);
  });

  it('kills a process that stays silent and goes on with the next candidate', async () => {
    const stuck = double('x => { while (true); }');
    const patient = { timeout: 60_000, patience: 3000 };
    expect(await runCandidates([good, stuck, good], patient)).toEqual([true, false, true]);
  });
});

describe('pass@1', () => {
  it('is the share of outputs that pass the tests of their examples', async () => {
    const examples = [4, 5].map((n) => ({
      prompt: '',
      completion: '',
      meta: { tests: [{ args: [n], expected: n + 1 }] },
    }));
    const scores = await passAtOneScores([' x => x + 1', ' x => 5'], examples);
    expect(scores).toEqual({ primary: 'pass@1', values: { 'pass@1': 0.5 }, each: [1, 0] });
  });

  it('needs tests', async () => {
    await expect(passAtOneScores(['x'], [{ prompt: '', completion: '' }])).rejects.toThrow(ConfigError);
  });
});
