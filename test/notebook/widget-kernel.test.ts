import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import type { Message } from '../../src/notebook/run/message.ts';
import { printed, repository, runCell, startKernel } from '../kernel/kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  expect(existsSync(join(repository, 'dist/index.cjs')), 'dist is missing: run npm run build').toBe(true);
  kernel = await startKernel();
});
afterAll(() => kernel.close());

/** The next comm message to the page. */
const heard = () =>
  new Promise<{ parent: unknown; data: unknown }>((resolve) => {
    kernel.onMessage = ({ header, parent, content }: Message) => {
      if (header.msg_type === 'comm_msg') resolve({ parent: parent.msg_id, data: content.data });
    };
  });

it('the example of docs/widgets.md works in the kernel', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(repository, 'docs/widgets.md'), 'utf8'))![1]!;
  const outcome = await runCell(kernel, code);
  expect(outcome.reply.status, JSON.stringify(outcome.reply)).toBe('ok');
  const open = outcome.said.find(({ type }) => type === 'comm_open')!.content;
  expect(open.data).toMatchObject({
    state: { value: 3, clicks: 0, _model_name: 'AnyModel' },
    buffer_paths: [],
  });
  const result = outcome.said.find(({ type }) => type === 'execute_result')!.content;
  expect(result.data).toMatchObject({
    'application/vnd.jupyter.widget-view+json': { model_id: open.comm_id },
  });
  const say = (data: object) => kernel.send('comm_msg', { comm_id: open.comm_id, data });

  // ipywidgets drops an echo that does not name the message it answers
  const echo = heard();
  const id = say({ method: 'update', state: { value: 8 }, buffer_paths: [] });
  expect(await echo).toEqual({
    parent: id,
    data: { method: 'echo_update', state: { value: 8 }, buffer_paths: [] },
  });
  const update = heard();
  say({ method: 'custom', content: { clicked: true } });
  expect((await update).data).toMatchObject({ method: 'update', state: { clicks: 1 } });
  expect(printed(await runCell(kernel, "console.log(dial.get('value'), dial.get('clicks'))"))).toBe('8 1\n');
});
