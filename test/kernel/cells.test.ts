import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripVTControlCharacters } from 'node:util';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { printed, resultText, runCell, startKernel } from './kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel.close());

describe('execution', () => {
  it('echoes the input, then the streams, then one result', async () => {
    const outcome = await runCell(kernel, "console.log('out'); console.error('err'); 6 * 7");
    expect(outcome.said.map((message) => message.type)).toEqual([
      'execute_input',
      'stream',
      'stream',
      'execute_result',
    ]);
    const count = outcome.reply.execution_count;
    expect(outcome.said[0]?.content).toEqual({
      code: "console.log('out'); console.error('err'); 6 * 7",
      execution_count: count,
    });
    expect(printed(outcome)).toBe('out\n');
    expect(printed(outcome, 'stderr')).toBe('err\n');
    expect(resultText(outcome)).toBe('42');
    expect(outcome.said[3]?.content.execution_count).toBe(count);
    expect(outcome.reply).toMatchObject({ status: 'ok', payload: [], user_expressions: {} });
  });

  it('prints thousands of lines without a pause, in order', async () => {
    const outcome = await runCell(kernel, 'for (let i = 0; i < 3000; i++) console.log(i);');
    expect(outcome.reply.status).toBe('ok');
    const lines = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join('');
    await expect.poll(() => printed(outcome)).toBe(lines);
    expect(resultText(await runCell(kernel, '6 * 7'))).toBe('42');
  });

  it('loses nothing when nobody reads for some seconds', async () => {
    const cell = runCell(kernel, 'for (let i = 0; i < 60000; i++) console.log(i);');
    setTimeout(() => {
      const until = Date.now() + 5000;
      while (Date.now() < until);
    }, 5);
    const outcome = await cell;
    expect(outcome.reply.status).toBe('ok');
    await expect.poll(() => printed(outcome).endsWith('59999\n'), { timeout: 20_000 }).toBe(true);
    expect(printed(outcome).split('\n')).toHaveLength(60_001);
  });

  it('streams while the cell still runs', async () => {
    const seen: string[] = [];
    const reply = kernel.execute("console.log('early'); await new Promise((r) => setTimeout(r, 300));", {
      onMessage: (message) => seen.push(message.header.msg_type),
    });
    void reply.then(() => seen.push('reply'));
    await reply;
    await Promise.resolve();
    expect(seen.indexOf('stream')).toBeLessThan(seen.lastIndexOf('status'));
    expect(seen).toContain('reply');
  });

  it('leaves a silent cell unheard and uncounted', async () => {
    const before = (await runCell(kernel, '1')).reply.execution_count as number;
    const silent = await runCell(kernel, "console.log('x'); const hidden = 5; hidden", { silent: true });
    expect(silent.said).toEqual([]);
    const after = await runCell(kernel, 'hidden');
    expect(resultText(after)).toBe('5');
    expect(after.reply.execution_count).toBe(before + 1);
  });

  it('lets tslab display its own way', async () => {
    const { said } = await runCell(kernel, "import { display } from 'tslab'; display.html('<b>x</b>');");
    const shown = said.find((message) => message.type === 'display_data');
    expect(shown?.content.data).toEqual({ 'text/html': '<b>x</b>' });
  });
});

describe('mended cells', () => {
  it.each([
    ['shorthand of an earlier name', 'const early = 2;', '({ other: 1, early })', '{ other: 1, early: 2 }'],
    ['await of a parenthesis', '', 'await (Promise.resolve(5))', '5'],
    ['await of an array literal', '', 'await [1, 2].length', '2'],
    [
      'a lone for await',
      'const seen: number[] = []; async function* two() { yield 1; yield 2; }',
      'for await (const n of two()) seen.push(n);\nseen',
      '[ 1, 2 ]',
    ],
    [
      'export const',
      'export const shared = 3; export function twice(n: number) { return 2 * n; }',
      'twice(shared)',
      '6',
    ],
    ['an export list', 'const listed = 4;\nexport { listed };', 'listed', '4'],
  ])('%s', async (_, first, second, expected) => {
    if (first !== '') expect((await runCell(kernel, first)).reply.status).toBe('ok');
    expect(resultText(await runCell(kernel, second))).toBe(expected);
  });

  it('keeps what a cell had declared before it threw', async () => {
    const failed = await runCell(kernel, "const kept = 11; throw new Error('after');");
    expect(failed.reply.status).toBe('error');
    expect(resultText(await runCell(kernel, 'kept + 1'))).toBe('12');
  });
});

describe('errors', () => {
  const plainTrace = (content: Record<string, unknown> | undefined) =>
    stripVTControlCharacters((content?.traceback as string[]).join('\n'));

  it('are one message that points into the cell', async () => {
    const code = [
      'interface Gone { a: number }',
      'interface AlsoGone {',
      '  b: string }',
      'function boom(x: Gone) {',
      "  throw new RangeError('bad ' + x.a);",
      '}',
      'boom({ a: 1 });',
    ].join('\n');
    const { reply, said } = await runCell(kernel, code);
    const errors = said.filter((message) => message.type === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.content).toMatchObject({ ename: 'RangeError', evalue: 'bad 1' });
    expect(reply).toMatchObject({ status: 'error', ename: 'RangeError', evalue: 'bad 1' });
    const trace = plainTrace(errors[0]?.content);
    expect(trace).toContain("> 5 |   throw new RangeError('bad ' + x.a);");
    expect(trace).toMatch(/at boom \(cell-\d+\.ts:5:9\)\n\s+at cell-\d+\.ts:7:1$/);
    expect(trace).not.toMatch(/tslab|node:|evalmachine/);
  });

  it('name an earlier cell in the stack', async () => {
    const { reply: defined } = await runCell(kernel, "\nfunction later() { throw new Error('late'); }");
    const { reply } = await runCell(kernel, '\n\nlater()');
    expect(plainTrace(reply)).toContain(`cell-${String(defined.execution_count)}.ts:2:26`);
    expect(plainTrace(reply)).toContain(`cell-${String(reply.execution_count)}.ts:3:1`);
  });

  it.each([
    ['at once', 'await open({ rho: 60 });', 3],
    ['in a call that waits for its turn', 's.step();\nawait s.rewind(50);', 4],
    ['deep in a measurement', 'await s.variance({ draws: 1 });', 3],
    ['after the session was closed', 'await s.close();\nawait s.run(1);', 4],
  ])(
    'that hi-zfo raises on purpose, %s, name the line of the cell and none of the library',
    async (_, code, line) => {
      const opened =
        "import { open } from 'hi-zfo';\nconst s = await open({ show: false, task: 'label', batchSize: 2 });\n";
      const { reply } = await runCell(kernel, opened + code);
      expect(reply.ename).toBe('ConfigError');
      const trace = plainTrace(reply);
      expect(trace).toContain(`> ${line} | await`);
      expect(trace).not.toMatch(/dist|index\.cjs/);
    },
  );

  it('of a name that an option does not have are one message', async () => {
    const { reply } = await runCell(kernel, "import { open } from 'hi-zfo'; await open({ modle: 'tiny' });");
    expect(plainTrace(reply).match(/TypeScriptError/g)).toHaveLength(1);
    expect(reply.evalue).toMatch(
      /'modle' does not exist in type 'OpenOptions'\. Did you mean to write 'model'\?/,
    );
  });

  it('of types give line and column as typed, also behind a mended place', async () => {
    const { reply } = await runCell(
      kernel,
      'const ok = 1;\nawait (Promise.resolve(1)); const n: number = "text";',
    );
    expect(reply).toMatchObject({ status: 'error', ename: 'TypeScriptError' });
    expect(reply.evalue).toBe("2:35 - Type 'string' is not assignable to type 'number'.");
  });

  it('show their causes, and values that are no errors', async () => {
    const caused = await runCell(kernel, "throw new Error('outer', { cause: new TypeError('inner') })");
    expect(plainTrace(caused.reply)).toMatch(/Error: outer[^]*Caused by:[^]*TypeError: inner/);
    const bare = await runCell(kernel, 'throw { code: 7 }');
    expect(bare.reply).toMatchObject({ ename: 'Thrown', evalue: '{ code: 7 }' });
  });

  it('abort the cells that are queued, and no later one', async () => {
    const queued = ["throw new Error('first')", 'const never = 1', '2'].map((code) => runCell(kernel, code));
    const statuses = (await Promise.all(queued)).map(({ reply }) => reply.status);
    expect(statuses).toEqual(['error', 'aborted', 'aborted']);
    expect(resultText(await runCell(kernel, 'typeof never'))).toBeUndefined();
    expect(resultText(await runCell(kernel, '3'))).toBe('3');
  });

  it('lose no cell that is sent the moment the error is known', async () => {
    for (let round = 0; round < 5; round++) {
      expect((await runCell(kernel, "throw new Error('again')")).reply.status).toBe('error');
      expect(resultText(await runCell(kernel, `${round} + 1`))).toBe(String(round + 1));
    }
  });

  it('do not abort the queue when the front end asks for that', async () => {
    const failing = runCell(kernel, "throw new Error('first')", { stop_on_error: false });
    const next = runCell(kernel, '4');
    expect((await failing).reply.status).toBe('error');
    expect(resultText(await next)).toBe('4');
  });
});

describe('the last expression', () => {
  it('is shown with its mime bundle', async () => {
    const { said } = await runCell(
      kernel,
      "({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<i>a</i>' }) })",
    );
    const result = said.find((message) => message.type === 'execute_result');
    expect(result?.content.data).toMatchObject({ 'text/html': '<i>a</i>' });
    expect(Object.keys(result?.content.data as object)).toContain('text/plain');
  });

  it('may show itself', async () => {
    const code = `({ [Symbol.for('hi-zfo.display')]() {
      (globalThis as any)[Symbol.for('hi-zfo.kernel')].display({ 'text/plain': 'self' }, { id: 'one' });
    } })`;
    const { said } = await runCell(kernel, code);
    expect(said.map((message) => message.type)).toEqual(['execute_input', 'display_data']);
    expect(said[1]?.content).toEqual({
      data: { 'text/plain': 'self' },
      metadata: {},
      transient: { display_id: 'one' },
    });
  });

  it('is an error of the cell when its bundle throws', async () => {
    const { reply } = await runCell(
      kernel,
      "({ [Symbol.for('Jupyter.display')]() { throw new Error('no bundle'); } })",
    );
    expect(reply).toMatchObject({ status: 'error', evalue: 'no bundle' });
  });

  it('is a table when it is an arquero table', async () => {
    const { said } = await runCell(
      kernel,
      "import * as aq from 'arquero';\naq.table({ x: [1.23456789], y: ['<b>'] })",
    );
    const result = said.find((message) => message.type === 'execute_result');
    const data = result?.content.data as Record<string, string>;
    expect(data['text/html']).toContain('1.235');
    expect(data['text/html']).toContain('&lt;b&gt;');
  });
});

describe('a promise as the last expression', () => {
  it('is awaited, and its value shown', async () => {
    const cell =
      'const late = async () => { await new Promise((r) => setTimeout(r, 20)); return 8; };\nlate()';
    expect(resultText(await runCell(kernel, cell))).toBe('8');
    expect((await runCell(kernel, 'Promise.resolve()')).said.map(({ type }) => type)).toEqual([
      'execute_input',
    ]);
  });

  it('that fails is an error of the cell, which keeps its names', async () => {
    const { reply } = await runCell(kernel, "const named = 9; Promise.reject(new Error('later'))");
    expect(reply).toMatchObject({ status: 'error', evalue: 'later' });
    expect(resultText(await runCell(kernel, 'named'))).toBe('9');
  });

  it('that never ends can be stopped', async () => {
    const running = kernel.execute('new Promise(() => {})');
    await new Promise((resolve) => setTimeout(resolve, 300));
    kernel.interrupt();
    expect((await running).content).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });
});
