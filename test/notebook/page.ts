import { afterEach, beforeEach } from 'vitest';
import { Comms } from '../../src/kernel/comms.ts';
import {
  KERNEL,
  type DisplayOptions,
  type KernelApi,
  type MimeBundle,
} from '../../src/notebook/kernel-api.ts';

/** A message from the kernel to the pages. */
export interface Sent {
  type: string;
  id: string;
  data: Record<string, unknown>;
  buffers: readonly Uint8Array[];
  metadata: object;
}

/** The kernel's side of comms and displays, with a page that is a list of what was sent. */
export class Page {
  readonly sent: Sent[] = [];
  readonly shown: { data: MimeBundle; options: DisplayOptions }[] = [];
  readonly log: string[] = [];
  readonly comms = new Comms(
    (type, content, { buffers = [], metadata = {} } = {}) => {
      // What does not survive JSON does not reach a page.
      const { comm_id: id, data } = JSON.parse(JSON.stringify(content)) as { comm_id: string; data: object };
      this.sent.push({ type, id, data: data as Record<string, unknown>, buffers, metadata });
    },
    (what) => this.log.push(what),
  );
  readonly #tracked = new Set<Promise<unknown>>();

  api(): KernelApi {
    return {
      display: (data, options = {}) => {
        this.shown.push({ data, options });
        return options.id ?? '';
      },
      comms: this.comms,
      signal: new AbortController().signal,
      hold: () => () => undefined,
      track: (work) => void this.#tracked.add(work),
      settled: async () => void (await Promise.allSettled(this.#tracked)),
      log: (line) => this.log.push(line),
    };
  }

  /** A message of the page, as it comes off the wire. */
  say(id: string, data: unknown, buffers: Uint8Array[] = []): void {
    const content = JSON.parse(JSON.stringify({ comm_id: id, data })) as Record<string, unknown>;
    this.comms.handle(
      'comm_msg',
      content,
      buffers.map((bytes) => Buffer.from(bytes)),
    );
  }

  /** Asks for all models as a page does that has just loaded; the answer. */
  reload(): Sent {
    this.comms.handle('comm_open', { comm_id: 'control', target_name: 'jupyter.widget.control' }, []);
    this.say('control', { method: 'request_states' });
    const answer = this.sent.at(-1)!;
    this.comms.handle('comm_close', { comm_id: 'control' }, []);
    return answer;
  }

  /** Messages to one model, from the first on. */
  to(id: string, method?: string): Sent[] {
    return this.sent.filter((one) => one.id === id && (method === undefined || one.data.method === method));
  }
}

/** A fresh page for every test, with its kernel where the library looks for it. */
export function freshPage(): () => Page {
  let page: Page;
  const place = globalThis as { [KERNEL]?: KernelApi };
  beforeEach(() => {
    page = new Page();
    place[KERNEL] = page.api();
  });
  afterEach(() => {
    delete place[KERNEL];
  });
  return () => page;
}
