import { vi } from 'vitest';
import { Panel } from '../../src/panel/panel.ts';
import {
  probeColumns,
  rowColumns,
  type PanelCommand,
  type PanelMessage,
  type PanelState,
} from '../../src/panel/protocol.ts';
import type { Page } from '../notebook/page.ts';
import type { FakeHost } from './fake-host.ts';

export const page = { esm: 'export default { render() {} };', css: '.x {}' };

type Columns = Record<string, number[]>;
type Distributed<T> = T extends unknown ? Omit<T, 'id'> : never;

/** What one view of a panel would hold, built from the messages to it as the protocol says. */
export class View {
  readonly #page: Page;
  readonly id: string;
  #asked = 0;
  /** Messages before this view was there. */
  readonly #from: number;

  constructor(at: Page, id: string) {
    this.#page = at;
    this.id = id;
    this.#from = at.sent.length;
  }

  /** Sends a command; returns its id. */
  ask(command: Distributed<PanelCommand>): string {
    const id = `${this.id}-${this.#from}-${++this.#asked}`;
    this.#page.say(this.id, { method: 'custom', content: { id, ...command } });
    return id;
  }

  /** Sends a command and lets everything run that needs no timer. */
  async answer(command: Distributed<PanelCommand>): Promise<PanelMessage & { type: 'answer' }> {
    const id = this.ask(command);
    await vi.advanceTimersByTimeAsync(0);
    return this.answers().find((one) => one.id === id)!;
  }

  messages(): { content: PanelMessage; buffers: readonly Uint8Array[] }[] {
    return this.#page
      .to(this.id, 'custom')
      .filter((one) => this.#page.sent.indexOf(one) >= this.#from)
      .map(({ data, buffers }) => ({ content: data.content as PanelMessage, buffers }));
  }

  answers(): (PanelMessage & { type: 'answer' })[] {
    return this.messages().flatMap(({ content }) => (content.type === 'answer' ? [content] : []));
  }

  /** All states, oldest first. */
  states(): PanelState[] {
    return this.#page.to(this.id).flatMap(({ data }) => {
      const { panel } = (data.state ?? {}) as { panel?: PanelState };
      return panel ? [panel] : [];
    });
  }

  state(): PanelState {
    return this.states().at(-1)!;
  }

  /** The curves as this view has them. */
  curves(kind: 'rows' | 'probes'): Columns {
    const names = kind === 'rows' ? rowColumns : probeColumns;
    let held: number[][] = [];
    for (const { content, buffers } of this.messages()) {
      if (content.type !== kind) continue;
      const arrays = buffers.map((bytes) => [...new Float64Array(Uint8Array.from(bytes).buffer)]);
      if (arrays.length !== names.length || arrays.some((a) => a.length !== content.count))
        throw new Error(`${kind}: ${arrays.length} columns of ${arrays.map((a) => a.length).join()}`);
      if (content.from > held.length)
        throw new Error(`${kind} from ${content.from} on, ${held.length} are here`);
      held = [
        ...held.slice(0, content.from),
        ...Array.from({ length: content.count }, (_, i) => arrays.map((a) => a[i]!)),
      ];
    }
    return Object.fromEntries(names.map((name, c) => [name, held.map((row) => row[c]!)]));
  }
}

/** Shows a panel of the host and gives its view, which has asked for the curves. */
export function shownPanel(at: Page, host: FakeHost): { panel: Panel; view: View } {
  const panel = new Panel(host, () => page);
  panel.show();
  const view = new View(at, at.sent.find((one) => one.type === 'comm_open')!.id);
  view.ask({ do: 'curves' });
  return { panel, view };
}
