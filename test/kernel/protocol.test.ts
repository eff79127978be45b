import { Dealer, Request } from 'zeromq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { address, type Message } from '../../src/notebook/run/message.ts';
import { KERNEL_OBJECT, resultText, runCell, startKernel } from './kernel-under-test.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  await runCell(kernel, KERNEL_OBJECT);
});
afterAll(() => kernel.close());

describe('requests', () => {
  it('kernel_info says what language this is', async () => {
    const { content } = await kernel.request('kernel_info_request', {});
    expect(content).toMatchObject({
      status: 'ok',
      implementation: 'hi-zfo',
      language_info: { name: 'typescript', file_extension: '.ts' },
    });
  });

  it('history, comm_info, is_complete, interrupt and debug are answered by their own type', async () => {
    for (const [type, content, expected] of [
      ['history_request', { hist_access_type: 'tail', n: 5 }, { status: 'ok', history: [] }],
      ['comm_info_request', {}, { status: 'ok', comms: {} }],
      ['is_complete_request', { code: 'function f() {' }, { status: 'incomplete' }],
      ['is_complete_request', { code: '1' }, { status: 'complete' }],
      ['interrupt_request', {}, { status: 'ok' }],
      ['debug_request', { seq: 1, command: 'attach' }, { success: false }],
    ] as const) {
      const reply = await kernel.request(type, content, { timeout: 5000 });
      expect(reply.header.msg_type).toBe(type.replace('request', 'reply'));
      expect(reply.content).toMatchObject(expected);
    }
  });

  it('completion counts the cursor in code points', async () => {
    const code = "'😀'; consol";
    const { content } = await kernel.request('complete_request', {
      code,
      cursor_pos: Array.from(code).length,
    });
    expect(content.matches).toContain('console');
    expect(content.cursor_start).toBe(Array.from("'😀'; ").length);
  });

  it('inspection finds a name', async () => {
    const { content } = await kernel.request('inspect_request', {
      code: 'console',
      cursor_pos: 3,
      detail_level: 0,
    });
    expect(content.found).toBe(true);
  });

  it('garbage and unsigned messages are ignored', async () => {
    const { info } = kernel.connection;
    const stranger = new Dealer({ linger: 0 });
    stranger.connect(address(info, info.shell_port));
    for (const frames of [
      ['hello'],
      ['<IDS|MSG>', ''],
      ['<IDS|MSG>', 'bad', '{}', '{}', '{}', '{}'],
      [
        '<IDS|MSG>',
        'bad',
        '{"msg_type":"execute_request","msg_id":"1"}',
        '{}',
        '{}',
        '{"code":"globalThis.hacked = 1"}',
      ],
    ])
      await stranger.send(frames);
    kernel.send('no_such_request', {});
    kernel.send('comm_msg', {});
    expect(resultText(await runCell(kernel, "'hacked' in globalThis"))).toBe('false');
    stranger.close();
  });
});

describe('comms', () => {
  const news = (count: number): Promise<Message[]> =>
    new Promise((resolve) => {
      const seen: Message[] = [];
      kernel.onMessage = (message) => {
        if (!message.header.msg_type.startsWith('comm_')) return;
        seen.push(message);
        if (seen.length === count) resolve(seen);
      };
    });

  it('go both ways with buffers while a cell runs', async () => {
    await runCell(
      kernel,
      `kernel.comms.register('echo', (comm: any, data: any) => {
         comm.onMessage = (message: any, buffers: any) =>
           comm.send({ got: message, opened: data }, { buffers: buffers.map((b: any) => Uint8Array.from(b, (v: any) => v + 1)) });
       });`,
    );
    const answered = news(1);
    let over = false;
    const running = kernel.execute('await new Promise((r) => setTimeout(r, 400)); 1');
    void running.then(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    kernel.send('comm_open', { comm_id: 'c1', target_name: 'echo', data: { hello: 1 } });
    const id = kernel.send('comm_msg', { comm_id: 'c1', data: { x: 2 } }, { buffers: [Buffer.from([7, 8])] });
    const answers = await answered;
    expect(over).toBe(false);
    await running;
    // Widgets of ipywidgets wait for an answer to their very message.
    expect(answers[0]?.parent.msg_id).toBe(id);
    expect(answers.map((message) => message.content)).toEqual([
      { comm_id: 'c1', data: { got: { x: 2 }, opened: { hello: 1 } } },
    ]);
    expect(answers[0]?.buffers.map((buffer) => [...buffer])).toEqual([[8, 9]]);
    const info = await kernel.request('comm_info_request', { target_name: 'echo' });
    expect(info.content.comms).toEqual({ c1: { target_name: 'echo' } });
    kernel.send('comm_close', { comm_id: 'c1', data: {} });
    const after = await kernel.request('comm_info_request', {});
    expect(after.content.comms).toEqual({});
  });

  it('of unknown targets are closed at once', async () => {
    const closed = new Promise<Message>((resolve) => {
      const id = kernel.send('comm_open', { comm_id: 'c2', target_name: 'nobody', data: {} });
      kernel.onMessage = (message) => {
        if (message.header.msg_type === 'comm_close' && message.content.comm_id === 'c2') resolve(message);
      };
      expect(id).not.toBe('');
    });
    expect((await closed).content.comm_id).toBe('c2');
  });

  it('that a cell opens reach the page', async () => {
    const { said } = await runCell(
      kernel,
      "const page = kernel.comms.open('page', { a: 1 }, { id: 'p1' }); page.close();",
    );
    expect(said.map((message) => message.type)).toEqual(['execute_input', 'comm_open', 'comm_close']);
    expect(said[1]?.content).toEqual({ comm_id: 'p1', target_name: 'page', data: { a: 1 } });
  });

  it('whose handler throws leave the kernel well', async () => {
    await runCell(kernel, "kernel.comms.register('bad', () => { throw new Error('handler'); });");
    kernel.send('comm_open', { comm_id: 'c3', target_name: 'bad', data: {} });
    expect(resultText(await runCell(kernel, '1 + 1'))).toBe('2');
  });
});

describe('the heartbeat', () => {
  it('beats all through a cell that blocks the event loop for three seconds', async () => {
    const { info } = kernel.connection;
    const heart = new Request({ linger: 0, receiveTimeout: 10_000 });
    heart.connect(address(info, info.hb_port));
    let ended = false;
    const blocking = runCell(kernel, 'const until = Date.now() + 3000; while (Date.now() < until);').then(
      () => {
        ended = true;
      },
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    let beats = 0;
    while (!ended) {
      await heart.send('ping');
      expect(String((await heart.receive())[0])).toBe('ping');
      if (!ended) beats++;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(beats).toBeGreaterThan(10);
    await blocking;
    heart.close();
  });
});
