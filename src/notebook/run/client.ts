import { randomUUID } from 'node:crypto';
import { Dealer, Subscriber } from 'zeromq';
import { createConnection, type Connection } from './connection.ts';
import { address, decode, encode, type Message } from './message.ts';
import { KernelProcess } from './process.ts';

export interface StartOptions {
  /** Program and arguments; `{connection_file}` stands for the connection file. */
  argv: readonly string[];
  cwd: string;
  /** Milliseconds until the kernel must answer; 60,000 by default. */
  timeout?: number;
}

export interface RequestOptions {
  channel?: 'shell' | 'control';
  /** Called for every message that the request brings about, status messages included. */
  onMessage?: (message: Message) => void;
  /** Milliseconds; no limit by default. */
  timeout?: number;
}

interface Waiting {
  channel: 'shell' | 'control';
  onMessage: ((message: Message) => void) | undefined;
  reply: Message | undefined;
  idle: boolean;
  resolve(reply: Message): void;
  reject(error: Error): void;
}

const START_MS = 60_000;
const KNOCK_MS = 300;

/** A Jupyter client for one kernel process that it starts and ends. */
export class KernelClient {
  readonly process: KernelProcess;
  readonly connection: Connection;
  /** Messages that belong to no request of this client, such as those of comms. */
  onMessage: ((message: Message) => void) | undefined;
  readonly #session = randomUUID();
  readonly #shell = new Dealer({ linger: 0 });
  readonly #control = new Dealer({ linger: 0 });
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  readonly #waiting = new Map<string, Waiting>();
  #closed = false;

  private constructor(process: KernelProcess, connection: Connection) {
    this.process = process;
    this.connection = connection;
    const { info } = connection;
    this.#shell.connect(address(info, info.shell_port));
    this.#control.connect(address(info, info.control_port));
    this.#iopub.connect(address(info, info.iopub_port));
    this.#iopub.subscribe();
    for (const socket of [this.#shell, this.#control])
      void this.#read(socket, (message) => this.#onReply(message));
    void this.#read(this.#iopub, (message) => this.#onNews(message));
    void process.exited.then((how) => {
      const log = process.log === '' ? '' : `\n${process.log}`;
      this.#rejectAll(new Error(`the kernel has ended (${how})${log}`));
    });
  }

  /**
   * Starts a kernel and waits until it answers.
   *
   * @throws Error when the kernel ends or stays silent; what it printed is in the message
   */
  static async start({ argv, cwd, timeout = START_MS }: StartOptions): Promise<KernelClient> {
    const connection = await createConnection();
    const command = argv.map((part) => part.replaceAll('{connection_file}', connection.file));
    const client = new KernelClient(new KernelProcess(command, cwd), connection);
    try {
      await client.#ready(timeout);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Sends a request and waits for both its reply and its idle status. */
  request(type: string, content: object, options: RequestOptions = {}): Promise<Message> {
    const { channel = 'shell', onMessage, timeout } = options;
    const id = randomUUID();
    return new Promise<Message>((resolve, reject) => {
      const waiting: Waiting = { channel, onMessage, reply: undefined, idle: false, resolve, reject };
      this.#waiting.set(id, waiting);
      if (timeout !== undefined) {
        const late = () =>
          this.#settle(id, () => reject(new Error(`no answer to ${type} within ${timeout} ms`)));
        const timer = setTimeout(late, timeout);
        waiting.resolve = (reply) => (clearTimeout(timer), resolve(reply));
        waiting.reject = (error) => (clearTimeout(timer), reject(error));
      }
      if (!this.process.running)
        return this.#settle(id, () => waiting.reject(new Error('the kernel has ended')));
      this.send(type, content, { channel, id });
    });
  }

  /** Sends a message that has no reply, such as comm_msg; returns its id. */
  send(
    type: string,
    content: object,
    options: {
      channel?: 'shell' | 'control';
      id?: string;
      buffers?: readonly Uint8Array[];
      metadata?: object;
    } = {},
  ): string {
    const { channel = 'shell', id = randomUUID(), ...rest } = options;
    const draft = { type, content, session: this.#session, username: 'runner', id, ...rest };
    const socket = channel === 'shell' ? this.#shell : this.#control;
    socket.send(encode(this.connection.info.key, draft)).catch((error: unknown) => {
      this.#settle(id, (waiting) =>
        waiting.reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
    return id;
  }

  /** Runs code; `onMessage` gets its outputs. */
  execute(code: string, options: RequestOptions & { content?: object } = {}): Promise<Message> {
    const { content = {}, ...rest } = options;
    const asked = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
    return this.request('execute_request', { ...asked, stop_on_error: true, ...content }, rest);
  }

  /** Presses the stop button. */
  interrupt(): void {
    this.process.signal('SIGINT');
  }

  /** Asks the kernel to end, makes it end if it does not, and removes every trace. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.process.running) this.send('shutdown_request', { restart: false }, { channel: 'control' });
    await this.process.stop();
    this.#end();
  }

  /** Ends the kernel at once. */
  async kill(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.process.signal('SIGKILL');
    await this.process.stop();
    this.#end();
  }

  #end(): void {
    this.#rejectAll(new Error('the client is closed'));
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
    this.connection.remove();
  }

  /** A subscriber misses what was said before it joined, so we knock until an answer comes on both sockets. */
  async #ready(timeout: number): Promise<void> {
    const deadline = performance.now() + timeout;
    for (;;) {
      try {
        await this.request('kernel_info_request', {}, { timeout: KNOCK_MS });
        return;
      } catch (error) {
        if (!this.process.running) throw error;
        if (performance.now() > deadline)
          throw new Error(`the kernel did not answer within ${timeout} ms`, { cause: error });
      }
    }
  }

  async #read(socket: Dealer | Subscriber, receive: (message: Message) => void): Promise<void> {
    try {
      for await (const frames of socket) receive(decode(this.connection.info.key, frames));
    } catch (error) {
      if (!this.#closed) this.#rejectAll(new Error(`the kernel sent nonsense: ${String(error)}`));
    }
  }

  #onReply(message: Message): void {
    const id = message.parent.msg_id ?? '';
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    waiting.reply = message;
    this.#finish(id, waiting);
  }

  #onNews(message: Message): void {
    const id = message.parent.msg_id ?? '';
    const waiting = this.#waiting.get(id);
    if (!waiting) return this.onMessage?.(message);
    waiting.onMessage?.(message);
    if (message.header.msg_type === 'status' && message.content.execution_state === 'idle')
      waiting.idle = true;
    this.#finish(id, waiting);
  }

  #finish(id: string, waiting: Waiting): void {
    const { reply } = waiting;
    if (reply && waiting.idle) this.#settle(id, () => waiting.resolve(reply));
  }

  #settle(id: string, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) how(waiting);
  }

  #rejectAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, (waiting) => waiting.reject(error));
  }
}
