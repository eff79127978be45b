import { randomUUID } from 'node:crypto';
import type { Router } from 'zeromq';
import type { KernelApi } from '../notebook/kernel-api.ts';
import { address, type Message, type MessageHeader } from '../notebook/run/message.ts';
import { Comms, type Complain } from './comms.ts';
import { displayContent, type CellHandler, type ExecuteRequest } from './handler.ts';
import { startHeartbeat } from './heartbeat.ts';
import { endChildren } from './children.ts';
import { kernelInfo } from './info.ts';
import { log } from './output.ts';
import { completion, inspection } from './introspect.ts';
import { ZmqServer } from './tslab.ts';
import { Wire } from './wire.ts';

/** Time that the last messages get to leave the sockets at shutdown. */
const FLUSH_MS = 100;

/** tslab's server with the whole messaging protocol: comms, history, interrupt and debug requests, honest replies. */
export class KernelServer extends ZmqServer {
  readonly #handler: CellHandler;
  readonly #comms: Comms;
  #wire: Wire | undefined;
  /** Header of the request whose cell runs or ran last: outputs belong to it. */
  #cell: Partial<MessageHeader> = {};
  #running = false;
  /** Header of the comm message that is being handled: widgets match what comes back by it. */
  #asked: MessageHeader | undefined;

  /** @param complain - reports what code of cells, called by the server, has thrown */
  constructor(handler: CellHandler, connectionFile: string, complain: Complain) {
    super(handler, connectionFile);
    this.#handler = handler;
    this.#comms = new Comms(
      (type, content, options) => this.wire.publish(type, content, this.#asked ?? this.#cell, options),
      complain,
    );
  }

  private get wire(): Wire {
    return (this.#wire ??= new Wire(this.connInfo.key, () => this.iopub));
  }

  /** What the library finds at `Symbol.for('hi-zfo.kernel')`. */
  api(): KernelApi {
    const { interrupts, pending } = this.#handler;
    return {
      display: (data, options = {}) => {
        const id = options.id ?? randomUUID();
        const type = options.update === true ? 'update_display_data' : 'display_data';
        this.wire.publish(type, displayContent(data, id, options), this.#cell);
        return id;
      },
      comms: this.#comms,
      get signal() {
        return interrupts.signal;
      },
      hold: () => interrupts.hold(),
      track: (work) => pending.track(work),
      settled: () => pending.settled(),
      log,
    };
  }

  override async bindSocket(
    socket: { bind(address: string): Promise<void>; sendHighWaterMark?: number },
    port: number,
  ): Promise<void> {
    const at = address(this.connInfo, port);
    // A publisher drops what goes over its mark (1,000 messages) while the reader is busy: with a cell's "idle" among them the
    // notebook would wait for ever.
    if (port === this.connInfo.iopub_port) socket.sendHighWaterMark = 0;
    if (port !== this.connInfo.hb_port) return socket.bind(at);
    startHeartbeat(at, (error) => log(`the heartbeat has stopped: ${error.message}`));
  }

  override async handleShellMessage(socket: Router, ...frames: Buffer[]): Promise<void> {
    let message: Message;
    try {
      message = this.wire.parse(frames);
    } catch (error) {
      return log(`message ignored: ${String(error)}`);
    }
    if (message.header.msg_type === 'execute_request') return this.#execute(socket, message);
    this.wire.status('busy', message.header);
    try {
      this.#answer(socket, message);
    } catch (error) {
      this.#fail(socket, message, error);
    } finally {
      this.wire.status('idle', message.header);
      // The idle above belongs to this message only: front ends show the newest status as that of the kernel.
      if (this.#running) this.wire.status('busy', this.#cell);
    }
    if (message.header.msg_type === 'shutdown_request') this.shutdown();
  }

  async #execute(socket: Router, message: Message): Promise<void> {
    const channel = {
      publish: (type: string, content: object) => this.wire.publish(type, content, message.header),
    };
    const started = () => {
      this.#cell = message.header;
      this.#running = true;
      this.wire.status('busy', message.header);
    };
    try {
      const { code } = message.content;
      if (typeof code !== 'string') throw new Error('execute_request without code');
      const request = { ...message.content, code } satisfies ExecuteRequest;
      const reply = await this.#handler.execute(request, channel, started);
      if (reply.status === 'aborted') this.wire.status('busy', message.header);
      this.wire.reply(socket, message, reply);
    } catch (error) {
      this.#fail(socket, message, error);
    } finally {
      if (this.#cell === message.header) this.#running = false;
      this.wire.status('idle', message.header);
    }
  }

  /** A request that the kernel itself stumbles over gets an error reply, so that the front end does not wait. */
  #fail(socket: Router, message: Message, error: unknown): void {
    log(
      `${message.header.msg_type} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    if (!message.header.msg_type.endsWith('_request')) return;
    const content = { status: 'error', ename: 'KernelError', evalue: String(error), traceback: [] };
    this.wire.reply(socket, message, content);
  }

  #answer(socket: Router, message: Message): void {
    const { content, buffers } = message;
    const type = message.header.msg_type;
    const reply = (answer: object) => this.wire.reply(socket, message, answer);
    switch (type) {
      case 'kernel_info_request':
        return reply(kernelInfo());
      case 'is_complete_request':
        return reply(
          this.#handler.handleIsComplete({ code: typeof content.code === 'string' ? content.code : '' }),
        );
      case 'inspect_request':
        return reply(inspection(this.#handler, content));
      case 'complete_request':
        return reply(completion(this.#handler, content));
      case 'comm_info_request':
        return reply(this.#comms.info(content.target_name));
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        this.#asked = message.header;
        try {
          return this.#comms.handle(type, content, buffers);
        } finally {
          this.#asked = undefined;
        }
      case 'history_request':
        return reply({ status: 'ok', history: [] });
      case 'interrupt_request':
        this.#handler.interrupts.press();
        return reply({ status: 'ok' });
      case 'debug_request':
        return reply({
          type: 'response',
          success: false,
          command: content.command,
          request_seq: content.seq,
          body: {},
        });
      case 'shutdown_request':
        return reply({ status: 'ok', restart: content.restart === true });
      default:
        return log(`message ignored: unknown type ${type}`);
    }
  }

  /** Ends the process, whatever timers, threads, sockets and child processes the cells have left open. */
  shutdown(): void {
    setTimeout(() => {
      endChildren();
      process.exit(0);
    }, FLUSH_MS);
  }
}
