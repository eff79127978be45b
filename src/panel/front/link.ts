import type { AnyModel } from '@anywidget/types';
import type { PanelCommand, PanelMessage, PanelState } from '../protocol.ts';
import { uniqueId } from './dom.ts';
import type { SavedCurves } from './saved.ts';

/** The widget's state as the page sees it. */
export interface ModelState {
  [key: string]: unknown;
  panel: PanelState;
  /** Kept by the page alone, so that a saved notebook has its curves. */
  savedCurves?: SavedCurves;
}
export type Model = AnyModel<ModelState>;

type WithoutId<C> = C extends { id: string } ? Omit<C, 'id'> : never;
export type Command = WithoutId<PanelCommand>;
type Message<T extends PanelMessage['type']> = Extract<PanelMessage, { type: T }>;
export type Answer = Extract<Message<'answer'>, { ok: true }> & { buffers: DataView[] };
export type CurveMessage = Message<'rows'> | Message<'probes'>;

/** A command that the kernel refused, in its own words. */
export class Refused extends Error {}

/** Sends commands and pairs them with their answers. Answers reach every view of the model, hence the ids. */
export class Link {
  readonly #model: Model;
  readonly #id = uniqueId();
  readonly #waiting = new Map<string, { resolve: (a: Answer) => void; reject: (e: Error) => void }>();
  #sent = 0;

  constructor(model: Model, onMessage: () => void, onCurves: (m: CurveMessage, b: DataView[]) => void) {
    this.#model = model;
    this.receive = (message: unknown, buffers: DataView[] = []) => {
      if (typeof message !== 'object' || message === null || !('type' in message)) return;
      const known = message as PanelMessage;
      onMessage();
      if (known.type === 'rows' || known.type === 'probes') onCurves(known, buffers);
      else if (known.type === 'answer') this.#settle(known, buffers);
    };
    model.on('msg:custom', this.receive);
  }

  /** Called with each custom message of the model. */
  readonly receive: (message: unknown, buffers?: DataView[]) => void;

  /** Resolves with the answer; throws Refused with the kernel's message. Never resolves where nobody listens. */
  send(command: Command): Promise<Answer> {
    const id = `${this.#id}-${this.#sent++}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#model.send({ id, ...command });
    });
  }

  #settle(message: Message<'answer'>, buffers: DataView[]): void {
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return; // another view's
    this.#waiting.delete(message.id);
    if (message.ok) waiting.resolve({ ...message, buffers });
    else waiting.reject(new Refused(message.message));
  }

  close(): void {
    this.#model.off('msg:custom', this.receive);
    this.#waiting.clear();
  }
}
