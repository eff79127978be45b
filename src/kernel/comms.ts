import { randomUUID } from 'node:crypto';
import type { Comm, CommRegistry } from '../notebook/kernel-api.ts';

/** Sends a message to all front ends. */
export type Publish = (
  type: string,
  content: object,
  options?: { metadata?: object; buffers?: readonly Uint8Array[] },
) => void;

/** Told when code that listens to a comm throws. */
export type Complain = (what: string, error: unknown) => void;

type Opened = (comm: Comm, data: unknown, buffers: Buffer[]) => void;

/**
 * The kernel's comms. Messages that are malformed, or for a comm that is closed or unknown, are ignored, as the protocol
 * allows. A listener that throws is reported and changes nothing for the others.
 */
export class Comms implements CommRegistry {
  readonly #targets = new Map<string, Opened>();
  readonly #open = new Map<string, Comm>();
  readonly #publish: Publish;
  readonly #complain: Complain;

  constructor(publish: Publish, complain: Complain) {
    this.#publish = publish;
    this.#complain = complain;
  }

  register(target: string, opened: Opened): void {
    this.#targets.set(target, opened);
  }

  open(
    target: string,
    data: object = {},
    options: { id?: string; metadata?: object; buffers?: readonly Uint8Array[] } = {},
  ): Comm {
    const { id = randomUUID().replaceAll('-', ''), ...rest } = options;
    const comm = this.#add(id, target);
    this.#publish('comm_open', { comm_id: id, target_name: target, data }, rest);
    return comm;
  }

  /** Content of a comm_info_reply. */
  info(target?: unknown): { status: 'ok'; comms: Record<string, { target_name: string }> } {
    const wanted = [...this.#open.values()].filter(
      (comm) => typeof target !== 'string' || comm.target === target,
    );
    return {
      status: 'ok',
      comms: Object.fromEntries(wanted.map((comm) => [comm.id, { target_name: comm.target }])),
    };
  }

  /** Handles comm_open, comm_msg and comm_close. */
  handle(type: string, content: Record<string, unknown>, buffers: Buffer[]): void {
    const { comm_id: id, target_name: target, data } = content;
    if (typeof id !== 'string') return;
    const comm = this.#open.get(id);
    if (type === 'comm_open') {
      // A second page cannot take over a comm that is open.
      if (typeof target !== 'string' || comm) return;
      const opened = this.#targets.get(target);
      const added = this.#add(id, target);
      if (!opened) added.close();
      else if (!this.#call(added, () => opened(added, data, buffers))) added.close();
      return;
    }
    if (!comm) return;
    if (type === 'comm_close') this.#open.delete(id);
    this.#call(comm, () => (type === 'comm_close' ? comm.onClose?.(data) : comm.onMessage?.(data, buffers)));
  }

  /** Calls a listener; false when it threw. */
  #call(comm: Comm, listener: () => unknown): boolean {
    try {
      listener();
      return true;
    } catch (error) {
      this.#complain(`A listener of the comm ${comm.target} threw`, error);
      return false;
    }
  }

  #add(id: string, target: string): Comm {
    const comm: Comm = {
      id,
      target,
      onMessage: undefined,
      onClose: undefined,
      send: (data, options) => {
        if (this.#open.get(id) === comm) this.#publish('comm_msg', { comm_id: id, data }, options);
      },
      close: (data = {}) => {
        if (this.#open.get(id) !== comm) return;
        this.#open.delete(id);
        this.#publish('comm_close', { comm_id: id, data });
      },
    };
    this.#open.set(id, comm);
    return comm;
  }
}
