import { describe, expect, it } from 'vitest';
import { Outbox, type Sender } from '../../src/kernel/outbox.ts';

/** A socket that sends `quick` messages at once and then one a turn, refusing while one is under way, as zeromq does. */
class Slow implements Sender {
  closed = false;
  readonly sent: string[] = [];
  #busy = false;
  constructor(private quick: number) {}
  send([text]: (string | Buffer)[]): Promise<void> {
    if (this.#busy) throw Object.assign(new Error('Socket is busy writing'), { code: 'EBUSY' });
    if (this.quick-- > 0) {
      this.sent.push(String(text));
      return Promise.resolve();
    }
    this.#busy = true;
    return new Promise((done) =>
      setImmediate(() => {
        this.#busy = false;
        this.sent.push(String(text));
        done();
      }),
    );
  }
}

const numbers = Array.from({ length: 40 }, (_, i) => String(i));

describe('an outbox', () => {
  it('sends at once while the socket can', () => {
    const socket = new Slow(40);
    const outbox = new Outbox(() => socket);
    for (const n of numbers) outbox.send([n]);
    expect(socket.sent).toEqual(numbers);
  });

  it('keeps what the socket refuses, and its order', async () => {
    const socket = new Slow(7);
    const outbox = new Outbox(() => socket);
    for (const n of numbers.slice(0, 20)) outbox.send([n]);
    await new Promise(setImmediate);
    for (const n of numbers.slice(20)) outbox.send([n]);
    await expect.poll(() => socket.sent.length).toBe(40);
    expect(socket.sent).toEqual(numbers);
  });

  it('drops what is sent to a closed socket, and lets other errors through', () => {
    const socket = new Slow(0);
    const outbox = new Outbox(() => socket);
    socket.closed = true;
    outbox.send(['x']);
    expect(socket.sent).toEqual([]);
    socket.closed = false;
    socket.send = () => {
      throw new Error('not a message');
    };
    expect(() => outbox.send(['x'])).toThrow('not a message');
  });
});
