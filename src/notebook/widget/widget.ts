import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { show, track } from '../display.ts';
import type { Figure } from '../figure.ts';
import {
  JUPYTER_DISPLAY,
  kernelApi,
  type Comm,
  type CommRegistry,
  type KernelApi,
  type MimeBundle,
} from '../kernel-api.ts';
import { bytesOf, split } from './buffers.ts';
import { readMessage } from './front-end.ts';
import type { WidgetEvents, WidgetOptions } from './options.ts';
import { modelsOf } from './registry.ts';
import { checkKeys, viewState } from './state.ts';

export const WIDGET_VIEW_MIME = 'application/vnd.jupyter.widget-view+json';

/** What a page without anywidget needs. */
export const ANYWIDGET_HINT =
  'needs JupyterLab, Notebook or VS Code with anywidget: pip install anywidget, then reload the page';

/**
 * A view in the notebook's page that shares its state with the kernel: an anywidget from TypeScript. Every place where it
 * is shown, in every tab, is a view of the same model; a page that is reloaded finds it again. Messages arrive while a cell
 * awaits. Outside the hi-zfo kernel it has no page: it can be shown, and prints its text.
 *
 * @example
 * const counter = new Widget({
 *   esm: `export default { render({ model, el }) {
 *     const button = el.appendChild(document.createElement('button'));
 *     const draw = () => (button.textContent = 'clicked ' + model.get('count'));
 *     button.onclick = () => { model.set('count', model.get('count') + 1); model.save_changes(); };
 *     model.on('change:count', draw);
 *     draw();
 *   } }`,
 *   state: { count: 0 },
 * });
 * counter.on('change', ({ count }) => console.log(count));
 * counter; // shows itself
 */
export class Widget<State extends object = Record<string, unknown>> extends EventEmitter<
  WidgetEvents<State>
> {
  readonly #state: Map<string, unknown>;
  readonly #view: Readonly<Record<string, unknown>>;
  readonly #text: string;
  readonly #still: Figure | undefined;
  readonly #kernel: KernelApi | undefined = kernelApi();
  readonly #comm: Comm | undefined;
  #closed = false;

  /** @throws ConfigError for a key that ipywidgets uses itself, and for a state that cannot be sent */
  constructor({ esm, css = '', state, classes = [], text = 'A live view', still }: WidgetOptions<State>) {
    super();
    this.#state = new Map(Object.entries(state ?? {}));
    checkKeys(this.#state.keys());
    this.#view = viewState(esm, css, classes);
    this.#text = text;
    this.#still = still;
    if (this.#kernel) this.#comm = this.#open(this.#kernel.comms);
  }

  /** Name of the model in the page; undefined outside the hi-zfo kernel. */
  get id(): string | undefined {
    return this.#comm?.id;
  }

  /** Whether there can be a page at the other end. */
  get live(): boolean {
    return this.#comm !== undefined && !this.#closed;
  }

  /** A value of the state, as last set by either side. */
  get<Key extends keyof State & string>(key: Key): State[Key] {
    return this.#state.get(key) as State[Key];
  }

  /**
   * Changes values here and in every view.
   *
   * @throws ConfigError for a key that ipywidgets uses itself, and for values that cannot be sent; nothing has changed then
   */
  set(changes: Partial<State>): this {
    checkKeys(Object.keys(changes));
    const { state, paths, buffers } = split(changes);
    for (const [key, value] of Object.entries(changes)) this.#state.set(key, value);
    if (this.live) this.#comm?.send({ method: 'update', state, buffer_paths: paths }, { buffers });
    return this;
  }

  /** Sends something to every view, where `model.on('msg:custom', (content, buffers) => ...)` gets it. */
  send(content: unknown, buffers: readonly (ArrayBuffer | ArrayBufferView)[] = []): void {
    if (this.live) this.#comm?.send({ method: 'custom', content }, { buffers: buffers.map(bytesOf) });
  }

  /** Shows a view, after its still is drawn if it has one. */
  show(): void {
    const atOnce = this.bundle();
    if (!this.#still) show(atOnce);
    else track(this[JUPYTER_DISPLAY]().then((bundle) => show(bundle)));
  }

  /** A view as mime types, without the still. */
  bundle(): MimeBundle {
    if (!this.live) return { 'text/plain': this.toString() };
    const view = { version_major: 2, version_minor: 0, model_id: this.id };
    return { [WIDGET_VIEW_MIME]: view, 'text/plain': this.toString() };
  }

  /** A view as mime types. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    if (!this.#still) return this.bundle();
    const png = Buffer.from(await this.#still.png()).toString('base64');
    return { ...this.bundle(), 'image/png': png };
  }

  /** Takes the model and all its views out of the page. The state stays readable here. */
  close(): void {
    if (this.#closed) return;
    this.#comm?.close();
    this.#ended();
  }

  override toString(): string {
    return this.#closed ? `${this.#text} (closed)` : `${this.#text} (${ANYWIDGET_HINT})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  #open(comms: CommRegistry): Comm {
    const { state, paths, buffers } = split(this.#full());
    const comm = comms.open(
      'jupyter.widget',
      { state, buffer_paths: paths },
      { metadata: { version: '2.1.0' }, buffers },
    );
    modelsOf(comms).set(comm.id, {
      fullState: () => this.#full(),
      found: () => this.#tell(() => this.emit('reload')),
    });
    comm.onMessage = (data, received) => this.#receive(data, received);
    comm.onClose = () => this.#ended();
    return comm;
  }

  #full(): Record<string, unknown> {
    return { ...this.#view, ...Object.fromEntries(this.#state) };
  }

  #receive(data: unknown, buffers: Buffer[]): void {
    const message = readMessage(data, buffers);
    switch (message.method) {
      case 'malformed':
        return this.#log(message.why);
      case 'custom':
        return this.#tell(() => this.emit('message', message.content, buffers));
      case 'request_state': {
        const { state, paths, buffers: leaves } = split(this.#full());
        this.#comm?.send({ method: 'update', state, buffer_paths: paths }, { buffers: leaves });
        return this.#tell(() => this.emit('reload'));
      }
      case 'update':
        return this.#update(message.state);
    }
  }

  /** Takes what is known, and tells the other views. */
  #update(state: Record<string, unknown>): void {
    const known = Object.entries(state).filter(([key]) => this.#state.has(key));
    if (known.length < Object.keys(state).length) this.#log('it has keys that the state has not');
    if (known.length === 0) return;
    for (const [key, value] of known) this.#state.set(key, value);
    const changes = Object.fromEntries(known);
    const echo = split(changes);
    this.#comm?.send(
      { method: 'echo_update', state: echo.state, buffer_paths: echo.paths },
      { buffers: echo.buffers },
    );
    this.#tell(() => this.emit('change', changes as Partial<State>));
  }

  /** A listener that throws does so under the cell that ran last, and not into the kernel. */
  #tell(emit: () => void): void {
    try {
      emit();
    } catch (error) {
      console.error('hi-zfo: a listener of a widget failed:', error);
    }
  }

  #ended(): void {
    this.#closed = true;
    if (this.#kernel && this.id !== undefined) modelsOf(this.#kernel.comms).delete(this.id);
    this.#tell(() => this.emit('closed'));
  }

  #log(why: string): void {
    this.#kernel?.log(`message for widget ${this.id} ignored: ${why}`);
  }
}
