import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dealer } from 'zeromq';
import { Comms } from '../../src/kernel/comms.ts';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import { address, decode, encode, type Message } from '../../src/notebook/run/message.ts';
import { KERNEL_OBJECT, printed, resultText, runCell, startKernel } from './kernel-under-test.ts';

let kernel: KernelClient;
let stranger: Dealer;
beforeAll(async () => {
  kernel = await startKernel();
  await runCell(kernel, KERNEL_OBJECT);
  await runCell(
    kernel,
    `kernel.comms.register('strict', (comm: any, data: any) => { comm.onMessage = (m: any) => comm.send({ length: m.text.length }); data.must.be.there; });
     kernel.comms.register('echo', (comm: any) => { comm.onMessage = (m: any, b: any) => comm.send({ m }, { buffers: b }); });
     const open = kernel.comms.open('page', {}, { id: 'open' }); open.onMessage = (m: any) => open.send({ got: m.x.y });`,
  );
  const { info } = kernel.connection;
  stranger = new Dealer({ linger: 0 });
  stranger.connect(address(info, info.shell_port));
});
afterAll(async () => {
  stranger.close();
  await kernel.close();
});

/** Text of deeply nested arrays, which no recursive reader or writer survives. */
const deep = fc.integer({ min: 1, max: 30_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth));
const json = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value)),
  deep,
);
const odd = (usual: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 3, arbitrary: usual.map((text) => JSON.stringify(text)) }, json);
const record = (fields: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<string> =>
  fc.record(fields, { requiredKeys: [] }).map(
    (entries) =>
      `{${Object.entries(entries)
        .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
        .join(',')}}`,
  );

const types = fc.constantFrom(
  ...['comm_open', 'comm_msg', 'comm_close', 'comm_info_request', 'complete_request', 'inspect_request'],
  ...[
    'is_complete_request',
    'history_request',
    'debug_request',
    'kernel_info_request',
    'comm_msg_reply',
    '__proto__',
  ],
);
const content = fc.oneof(
  {
    weight: 5,
    arbitrary: record({
      comm_id: odd(fc.constantFrom('open', 'c1', 'c2', '__proto__', '')),
      target_name: odd(fc.constantFrom('strict', 'echo', 'nobody', 'jupyter.widget', 'constructor')),
      data: json,
      code: odd(fc.string()),
      cursor_pos: fc.oneof(json, fc.double().map(String)),
      detail_level: json,
    }),
  },
  json,
  fc.string(),
);
const header = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(types, record({ session: odd(fc.string()), extra: json }))
      .map(
        ([type, rest]) =>
          `{"msg_id":"m","msg_type":"${type}"${rest === '{}' ? '' : `,${rest.slice(1)}`}${rest === '{}' ? '}' : ''}`,
      ),
  },
  record({ msg_id: json, msg_type: json }),
  json,
);
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));

/** Frames as they might come from a broken or hostile sender, rightly signed for the most part. */
const malformed = fc
  .record({
    parts: fc.tuple(header, json, json, content),
    usual: fc.boolean(),
    signature: fc.option(bytes, { freq: 6 }),
    buffers: fc.array(bytes, { maxLength: 3 }),
    cut: fc.option(fc.integer({ min: 0, max: 8 }), { freq: 6 }),
    before: fc.array(bytes, { maxLength: 2 }),
  })
  .map(({ parts: [head, parent, metadata, body], usual, signature, buffers, cut, before }) => {
    const parts = [head, usual ? '{}' : parent, usual ? '{}' : metadata, body];
    const hmac = createHmac('sha256', kernel.connection.info.key);
    for (const part of parts) hmac.update(part);
    const frames = [...before, '<IDS|MSG>', signature ?? hmac.digest('hex'), ...parts, ...buffers];
    return cut === null ? frames : frames.slice(0, Math.max(1, cut));
  });

describe('malformed messages', () => {
  it('are answered or ignored; the kernel goes on (500 of them)', async () => {
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(malformed, async (frames) => {
        await stranger.send(frames);
        // The sockets keep their order for one sender only, so a question now and then shows that the kernel lives.
        if (++sent % 10 === 0) await kernel.request('kernel_info_request', {}, { timeout: 10_000 });
      }),
      { numRuns: 500, seed: 4, endOnFailure: true },
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(resultText(await runCell(kernel, '6 * 7'))).toBe('42');
    // What was open and well still is, unless the stranger closed it.
    const info = await kernel.request('comm_info_request', { target_name: 'echo' });
    expect(info.content.status).toBe('ok');
  });
});

describe('a listener that throws', () => {
  it('is reported under the cell, readable, and the next message arrives', async () => {
    await runCell(
      kernel,
      `const fragile = kernel.comms.open('page', {}, { id: 'fragile' });
fragile.onMessage = (m: any) => { if (m.bad) throw new TypeError('cannot take ' + m.bad); console.log('took', m.good); };`,
    );
    const running = runCell(kernel, 'await new Promise((r) => setTimeout(r, 300)); 1');
    await new Promise((resolve) => setTimeout(resolve, 100));
    kernel.send('comm_msg', { comm_id: 'fragile', data: { bad: 'x' } });
    kernel.send('comm_msg', { comm_id: 'fragile', data: { good: 'y' } });
    const outcome = await running;
    expect(printed(outcome, 'stderr')).toMatch(
      /A listener of the comm page threw: TypeError: cannot take x\n\s+at .*cell-\d+\.ts:2:/,
    );
    expect(printed(outcome)).toBe('took y\n');
    expect(resultText(outcome)).toBe('1');
  });
});

describe('two pages on one kernel', () => {
  it('get their own replies and the same news', async () => {
    const { info } = kernel.connection;
    const second = new Dealer({ linger: 0 });
    second.connect(address(info, info.shell_port));
    const news: Message[] = [];
    kernel.onMessage = (message) => news.push(message);
    const ask = (content: object, type = 'execute_request') =>
      second.send(encode(info.key, { type, content, session: 'second' }));
    await ask({ code: "console.log('of the second'); 5" });
    const first = runCell(kernel, "console.log('of the first'); 6");
    const [frames] = [await second.receive()];
    expect(decode(info.key, frames).content.status).toBe('ok');
    const mine = await first;
    expect([printed(mine), resultText(mine)]).toEqual(['of the first\n', '6']);
    const texts = news
      .filter(({ header }) => header.msg_type === 'stream')
      .map(({ content: { text } }) => text);
    expect(texts).toEqual(['of the second\n']);
    // A comm that one page has open is not taken over by the other.
    await runCell(
      kernel,
      "const shared = kernel.comms.open('page', {}, { id: 'shared' }); shared.onMessage = (m: any) => console.log('got', m);",
    );
    await ask({ comm_id: 'shared', target_name: 'echo', data: {} }, 'comm_open');
    await ask({ comm_id: 'shared', data: 7 }, 'comm_msg');
    await expect
      .poll(() => news.filter(({ header }) => header.msg_type === 'stream').at(-1)?.content.text)
      .toBe('got 7\n');
    second.close();
  });
});

describe('the registry of comms', () => {
  it('ignores what is closed or unknown, and closes what cannot be opened', () => {
    const said: string[] = [];
    const complaints: string[] = [];
    const comms = new Comms(
      (type) => said.push(type),
      (what, error) => complaints.push(`${what}: ${String(error)}`),
    );
    comms.handle('comm_msg', { comm_id: 'none', data: {} }, []);
    comms.handle('comm_close', { comm_id: 'none' }, []);
    comms.register('bad', () => {
      throw new Error('no');
    });
    comms.handle('comm_open', { comm_id: 'a', target_name: 'bad' }, []);
    comms.handle('comm_open', { comm_id: 'b', target_name: 'nobody' }, []);
    const mine = comms.open('page');
    mine.close();
    mine.send({});
    mine.close();
    expect(said).toEqual(['comm_close', 'comm_close', 'comm_open', 'comm_close']);
    expect(complaints).toEqual(['A listener of the comm bad threw: Error: no']);
    expect(comms.info()).toEqual({ status: 'ok', comms: {} });
  });
});
