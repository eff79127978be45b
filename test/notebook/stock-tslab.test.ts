import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelClient } from '../../src/notebook/run/client.ts';
import { repository, printed, runCell } from '../kernel/kernel-under-test.ts';

const require = createRequire(import.meta.url);
let folder: string;
let kernel: KernelClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-stock-'));
  await build({
    entryPoints: [join(repository, 'src/notebook/index.ts')],
    outfile: join(folder, 'notebook.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['*/plot/still/render.ts'],
  });
  writeFileSync(join(folder, 'notebook.d.ts'), 'declare const library: any; export = library;');
  const tslab = join(require.resolve('tslab/package.json'), '../bin/tslab');
  const argv = [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'];
  kernel = await KernelClient.start({ argv, cwd: folder });
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

describe('under stock tslab', () => {
  it('shows the richest single mime type, says once what does better, and updates in place', async () => {
    const load = `const library: any = require(${JSON.stringify(join(folder, 'notebook.js'))});`;
    const { said, reply } = await runCell(
      kernel,
      `${load} const id = library.show({ 'text/html': '<b>1</b>', 'text/plain': '1' });
       library.show({ 'text/html': '<b>2</b>' }, { id, update: true }); library.currentSink().kind`,
    );
    expect(reply.status).toBe('ok');
    const displays = said.filter(({ type }) => type.endsWith('display_data'));
    expect(displays.map(({ type, content }) => [type, content.data])).toEqual([
      ['display_data', { 'text/html': '<b>1</b>' }],
      ['update_display_data', { 'text/html': '<b>2</b>' }],
    ]);
    const text = printed({ said, reply });
    expect(text.match(/stock tslab/g)).toHaveLength(1);
    expect(text).toContain('tslab\n');
  });

  it('stops work at the stop button', async () => {
    const code = `let stopped = false;
      await library.stoppable(async (signal: AbortSignal) => {
        await new Promise((r) => setTimeout(r, 20)); console.log('go');
        while (!signal.aborted) await new Promise((r) => setTimeout(r, 20));
        (globalThis as any).stopped = true;
      });`;
    await kernel.execute(code, {
      onMessage: (message) => {
        if (message.header.msg_type === 'stream' && message.content.text === 'go\n') kernel.interrupt();
      },
    });
    // tslab drops cells that come within 200 ms of an error.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(printed(await runCell(kernel, 'console.log((globalThis as any).stopped)'))).toBe('true\n');
  });
});
