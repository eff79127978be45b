import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { repository, resultText, runCell, startKernel } from './kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  expect(existsSync(join(repository, 'dist/index.cjs')), 'dist is missing: run npm run build').toBe(true);
  kernel = await startKernel();
  const { reply } = await runCell(
    kernel,
    `import { open } from 'hi-zfo';
     const s = await open({ model: 'tiny', task: 'label', seed: 7, batchSize: 4, show: false });
     await s.profile(); await s.partition();`,
  );
  expect(reply.status, JSON.stringify(reply)).toBe('ok');
});
afterAll(() => kernel.close());

describe('the stop button while a session trains', () => {
  it('ends the run between two steps and leaves the session whole', async () => {
    let pressed = false;
    const reply = await kernel.execute(
      "let done = 0; await s.run(100000, { show: false, onStep: () => { if (++done === 3) console.log('go'); } }); 'ended'",
      {
        onMessage: ({ header, content }) => {
          if (pressed || header.msg_type !== 'stream' || content.text !== 'go\n') return;
          pressed = true;
          kernel.interrupt();
        },
      },
    );
    expect(pressed).toBe(true);
    expect(reply.content.status).toBe('ok');
    const rows = await runCell(kernel, '[s.steps === done, s.history.data.rows.length === done, done < 50]');
    expect(resultText(rows)).toBe('[ true, true, true ]');
  });

  it('lets it train on', async () => {
    await runCell(kernel, 'const before = s.steps; await s.run(2, { show: false });');
    expect(
      resultText(
        await runCell(kernel, '[s.steps - before, Number.isFinite(s.history.data.rows.at(-1).loss)]'),
      ),
    ).toBe('[ 2, true ]');
  });
});
