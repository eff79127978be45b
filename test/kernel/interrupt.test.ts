import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import {
  KERNEL_OBJECT,
  printed,
  resultText,
  runCell,
  startKernel,
  type CellOutcome,
} from './kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await runCell(kernel, KERNEL_OBJECT);
});
afterAll(() => kernel.close());

/**
 * Runs a cell that prints `go` when it is in its loop, and presses the stop button then. A cell prints it after an await:
 * Node can lose a SIGINT that comes in the very moment in which a script that may be broken off returns.
 */
async function interrupted(code: string, again?: number): Promise<CellOutcome> {
  const said: CellOutcome['said'] = [];
  const reply = await kernel.execute(code, {
    onMessage: (message) => {
      said.push({ type: message.header.msg_type, content: message.content });
      if (message.header.msg_type !== 'stream' || message.content.text !== 'go\n') return;
      kernel.interrupt();
      if (again !== undefined) setTimeout(() => kernel.interrupt(), again);
    },
  });
  return { reply: reply.content, said };
}

const SLEEP = 'await new Promise((r) => setTimeout(r, 20));';

describe('the stop button', () => {
  it('ends a cooperative loop through the signal, and the cell goes on', async () => {
    const outcome = await interrupted(
      `const { signal } = kernel; ${SLEEP} console.log('go'); while (!signal.aborted) { ${SLEEP} } 'ended by itself'`,
    );
    expect(outcome.reply.status).toBe('ok');
    expect(resultText(outcome)).toBe('ended by itself');
  });

  it('means the cell that runs, and nothing that runs after it', async () => {
    await interrupted(`${SLEEP} console.log('go'); while (!kernel.signal.aborted) { ${SLEEP} }
      setTimeout(() => (globalThis.later = kernel.signal.aborted), 300);`);
    await new Promise((resolve) => setTimeout(resolve, 600)); // no cell runs
    expect(resultText(await runCell(kernel, 'globalThis.later'))).toBe('false');
  });

  it('ends a deaf loop from outside after the grace', async () => {
    const { reply } = await interrupted(
      `${SLEEP} console.log('go'); for (let i = 0; i < 500; i++) { ${SLEEP} }`,
    );
    expect(reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  it('ends a loop that blocks', async () => {
    const { reply } = await interrupted("console.log('go'); for (;;) {}");
    expect(reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  it('waits for work that holds on, longer than the grace', async () => {
    const outcome = await interrupted(
      `const release = kernel.hold(); ${SLEEP} console.log('go'); await new Promise((r) => setTimeout(r, 2200)); release(); 'whole'`,
    );
    expect(resultText(outcome)).toBe('whole');
  });

  it('ends held work at the second press', async () => {
    const { reply } = await interrupted(
      `kernel.hold(); ${SLEEP} console.log('go'); await new Promise((r) => setTimeout(r, 60000));`,
      200,
    );
    expect(reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  it('still works when a cell has added a listener of its own', async () => {
    const { reply } = await interrupted(
      `process.on('SIGINT', () => {}); ${SLEEP} console.log('go'); for (;;) { kernel.signal.throwIfAborted(); ${SLEEP} }`,
    );
    expect(reply).toMatchObject({ status: 'error', ename: 'Interrupted' });
  });

  it('leaves the kernel whole, and the next cell gets a fresh signal', async () => {
    expect(resultText(await runCell(kernel, 'kernel.signal.aborted'))).toBe('false');
  });
});

describe('tracked work', () => {
  it('belongs to the cell', async () => {
    const outcome = await runCell(
      kernel,
      `kernel.track(new Promise((r) => setTimeout(r, 300)).then(() => console.log('still drawn')));`,
    );
    expect(printed(outcome)).toBe('still drawn\n');
  });

  it('is not waited for after the stop button', async () => {
    const { reply } = await interrupted(`kernel.track(new Promise(() => {})); ${SLEEP} console.log('go');`);
    expect(reply.status).toBe('ok');
  });
});
