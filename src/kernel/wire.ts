import { randomUUID } from 'node:crypto';
import type { Publisher, Router } from 'zeromq';
import { decode, encode, type Message, type MessageHeader } from '../notebook/run/message.ts';

interface SendOptions {
  metadata?: object;
  buffers?: readonly Uint8Array[];
}

const HEADER = ['msg_id', 'msg_type', 'session', 'username', 'date', 'version'] as const;

/** The kernel's end of the sockets: reads requests, sends replies to the asker and news to everybody. */
export class Wire {
  readonly #session = randomUUID();
  readonly #key: string;
  readonly #iopub: () => Publisher;

  constructor(key: string, iopub: () => Publisher) {
    this.#key = key;
    this.#iopub = iopub;
  }

  /**
   * A request. Its header goes back with every answer, so only what the protocol knows of it is kept.
   *
   * @throws Error when the frames are no message signed with the kernel's key
   */
  parse(frames: readonly Buffer[]): Message {
    const message = decode(this.#key, frames);
    const known = HEADER.filter((name) => typeof message.header[name] === 'string');
    const header = Object.fromEntries(known.map((name) => [name, message.header[name]]));
    return { ...message, header: header as unknown as MessageHeader };
  }

  reply(socket: Router, request: Message, content: object): void {
    const type = request.header.msg_type.replace(/_request$/, '_reply');
    const draft = {
      type,
      content,
      session: this.#session,
      identities: request.identities,
      parent: request.header,
    };
    this.#send(socket, encode(this.#key, draft));
  }

  publish(type: string, content: object, parent: Partial<MessageHeader>, options: SendOptions = {}): void {
    const draft = { type, content, session: this.#session, identities: [type], parent, ...options };
    this.#send(this.#iopub(), encode(this.#key, draft));
  }

  status(state: 'busy' | 'idle' | 'starting', parent: Partial<MessageHeader>): void {
    this.publish('status', { execution_state: state }, parent);
  }

  /** Sending ends within the call, so output leaves also while a cell blocks; a closed socket is no error here. */
  #send(socket: Publisher | Router, frames: (string | Buffer)[]): void {
    if (socket.closed) return;
    // With a timeout, zeromq puts off every 512th message in a row, and throws at the next one.
    if (socket.sendTimeout !== 0) socket.sendTimeout = 0;
    socket.send(frames).catch(() => undefined);
  }
}
