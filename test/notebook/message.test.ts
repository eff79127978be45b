import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/notebook/run/message.ts';

const frames = (parts: (string | Buffer)[]): Buffer[] => parts.map((part) => Buffer.from(part));

describe('messages', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.array(fc.uint8Array()),
        (content, buffers) => {
          const draft = { type: 'comm_msg', session: 's', identities: ['who'], content, buffers };
          const message = decode('key', frames(encode('key', draft)));
          expect(message.content).toEqual(JSON.parse(JSON.stringify(content)));
          expect(message.buffers.map((buffer) => [...buffer])).toEqual(buffers.map((buffer) => [...buffer]));
          expect(message.identities.map(String)).toEqual(['who']);
          expect(message.header).toMatchObject({ msg_type: 'comm_msg', session: 's' });
        },
      ),
    );
  });

  it('of another key are refused', () => {
    const sent = frames(encode('theirs', { type: 'execute_request', session: 's', content: {} }));
    expect(() => decode('ours', sent)).toThrow('signature');
  });

  it('that are nonsense are refused by an error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (parts) => {
        expect(() => decode('key', frames(parts.map((part) => Buffer.from(part))))).toThrow();
      }),
    );
  });

  it('keep what was in a buffer when it was sent', () => {
    const live = Uint8Array.of(1);
    const sent = encode('key', { type: 'comm_msg', session: 's', content: {}, buffers: [live] });
    live[0] = 2;
    expect([...(sent.at(-1) as Buffer)]).toEqual([1]);
  });
});
