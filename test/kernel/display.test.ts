import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { resultText, runCell, startKernel } from './kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
});
afterAll(() => kernel.close());

describe('display', () => {
  it('is there without an import, with type and completion', async () => {
    const { said, reply } = await runCell(
      kernel,
      "display('shown'); console.log('then'); display.html('<b>');",
    );
    expect(reply.status).toBe('ok');
    expect(said.map(({ type }) => type)).toEqual(['execute_input', 'display_data', 'stream', 'display_data']);
    expect((await runCell(kernel, 'display()')).reply.evalue).toContain('Expected 1 arguments, but got 0');
    const { content } = await kernel.request('complete_request', { code: 'display.mark', cursor_pos: 12 });
    expect(content.matches).toContain('markdown');
  });

  it('gives way to a name of the cell, and to the display of tslab', async () => {
    expect(resultText(await runCell(kernel, 'const display = 3; display'))).toBe('3');
    const { said } = await runCell(kernel, "import { display } from 'tslab'; display.text('from tslab')");
    expect(said.at(-1)?.content.data).toEqual({ 'text/plain': 'from tslab' });
  });

  it('points the stack of an error value into the cell', async () => {
    const text = String(resultText(await runCell(kernel, "\nnew Error('a value')")));
    expect(text).toMatch(/^Error: a value\n\s+at cell-\d+\.ts:2:1$/);
  });
});
