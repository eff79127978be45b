import { inspect } from 'node:util';
import { kernelApi, Widget, type Figure } from '../notebook/index.ts';
import { SELF_DISPLAY } from '../notebook/kernel-api.ts';
import { frontEnd, type FrontEnd } from './assets.ts';
import { readCommand } from './command.ts';
import { Controls } from './controls.ts';
import { Curves } from './curves.ts';
import { HIDE_STILL, PanelEntry, VIEW_CLASS } from './entry.ts';
import type { PanelHost, PanelHostEvents } from './host.ts';
import { Pace } from './pace.ts';
import { STATE_KEY, type PanelCommand, type PanelMessage } from './protocol.ts';
import { panelState } from './state.ts';
import { panelStill } from './still.ts';
import { inWords } from './words.ts';

/** Updates of the views are at least so many milliseconds apart: 8 a second. */
const GAP_MS = 125;

const NO_KERNEL =
  'The live panel needs the kernel "TypeScript (Hi-ZFO)" in JupyterLab or Notebook (npm start); this is a still of it.';

/** Commands that change nothing. */
const asks: ReadonlySet<PanelCommand['do']> = new Set(['preview', 'plotly', 'curves']);

/**
 * The live panel of a session: run and pause it, move the budget, edit labels and settings, and watch the curves. All
 * panels of a session are views of one model, so they agree, in whatever tab. Made by `session.panel()`; as the last
 * expression of a cell it shows itself. Outside the hi-zfo kernel it is a still, and says what it needs.
 */
export class Panel {
  readonly #host: PanelHost;
  readonly #frontEnd: () => FrontEnd;
  readonly #curves: Curves;
  readonly #pace = new Pace(GAP_MS, () => this.#update());
  readonly #controls: Controls;
  #widget: Widget | undefined;
  #entry: PanelEntry | undefined;
  #revision = 0;
  /** A view has asked for curves. */
  #watched = false;
  #closed = false;

  /** @param page - the page's side; that of the package by default, read when the panel is first shown */
  constructor(host: PanelHost, page: () => FrontEnd = frontEnd) {
    this.#host = host;
    this.#frontEnd = page;
    this.#curves = new Curves(host);
    this.#controls = new Controls(host);
    host.once('closed', () => {
      this.#closed = true;
      if (!this.#widget?.live) return;
      this.#update();
      this.#widget.close();
    });
  }

  /**
   * Shows a view of the panel.
   *
   * @throws HiZfoError when the page's side was not built
   */
  show(): void {
    if (kernelApi() && !this.#closed) {
      this.#open().show();
    } else {
      this.still().show();
      if (!this.#closed) console.log(NO_KERNEL);
    }
  }

  /** The panel as a figure: map of the tensors, losses, settings. */
  still(): Figure {
    return panelStill(this.#host);
  }

  toString(): string {
    return `Live panel of ${this.#host.title.split('\n')[0]}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  [SELF_DISPLAY](): void {
    this.show();
  }

  /** The place of the views; opens the model if there is none. */
  #open(): PanelEntry {
    if (this.#entry && this.#widget?.live) return this.#entry;
    const { esm, css } = this.#frontEnd();
    this.#watched = false;
    const widget = new Widget({
      esm,
      css: `${css}\n${HIDE_STILL}\n`,
      classes: [VIEW_CLASS],
      state: { [STATE_KEY]: this.#state() },
      text: this.toString(),
    });
    const entry = new PanelEntry(widget, (notes) => panelStill(this.#host, notes));
    const forget = this.#listen(entry);
    widget.on('message', (content) => this.#receive(content));
    widget.on('closed', () => {
      forget();
      this.#pace.stop();
      entry.close();
    });
    [this.#widget, this.#entry] = [widget, entry];
    return entry;
  }

  /** Follows the host; the function that is returned ends that. */
  #listen(entry: PanelEntry): () => void {
    const host = this.#host;
    const ask = () => this.#pace.ask();
    const edited = () => {
      ask();
      if (host.runState !== 'running') entry.refresh();
    };
    const listeners: { [Name in keyof PanelHostEvents]?: (...args: PanelHostEvents[Name]) => void } = {
      step: ask,
      event: ask,
      probe: ask,
      profile: edited,
      partition: edited,
      settings: edited,
      state: edited,
      rewind: (step) => {
        this.#curves.rewind(step);
        edited();
      },
    };
    const each = Object.entries(listeners) as [keyof PanelHostEvents, () => void][];
    for (const [name, listener] of each) host.on(name, listener);
    return () => {
      for (const [name, listener] of each) host.off(name, listener);
    };
  }

  #state() {
    return panelState(this.#host, ++this.#revision);
  }

  /** Brings the views up to date. Called from the host's events: whatever goes wrong here must not end a step. */
  #update(): void {
    try {
      this.#widget?.set({ [STATE_KEY]: this.#state() });
      if (!this.#watched) return;
      for (const { message, buffers } of this.#curves.next()) this.#send(message, buffers);
    } catch (error) {
      kernelApi()?.log(`a panel was not brought up to date: ${inWords(error)}`);
    }
  }

  #send(message: PanelMessage, buffers: ArrayBufferView[] = []): void {
    this.#widget?.send(message, buffers);
  }

  /** Checks and carries out a command of a view, and answers it. */
  #receive(content: unknown): void {
    const asked = readCommand(content, this.#host.parameters.length);
    if (!asked) return kernelApi()?.log('message for a panel ignored: it has no id to answer to');
    this.#entry?.seen();
    const { id } = asked;
    const refuse = (message: string) => this.#send({ type: 'answer', id, ok: false, message });
    if ('wrong' in asked) return refuse(asked.wrong);
    const { command } = asked;
    if (command.do === 'curves') this.#begin();
    // Called at once and not when earlier commands are done: the host keeps edits in the order of the calls.
    void this.#controls.carryOut(command).then(
      ({ buffers, ...more }) => {
        if (!asks.has(command.do)) this.#landed();
        this.#send({ type: 'answer', id, ok: true, ...more }, buffers);
      },
      (error: unknown) => {
        refuse(inWords(error));
        this.#pace.ask();
      },
    );
    this.#pace.ask(); // the number of edits that wait has changed
  }

  /** Shows what a command has done. In a run the next step takes the event loop at once, and a timer would be a step late. */
  #landed(): void {
    if (this.#host.runState === 'running') this.#pace.now();
    else this.#pace.ask();
  }

  /** Sends everything to a view that has just come. */
  #begin(): void {
    this.#watched = true;
    this.#curves.restart();
    this.#pace.now();
  }
}

const panels = new WeakMap<PanelHost, Panel>();

/** The panel of a session: always the same one. */
export function panelOf(host: PanelHost): Panel {
  const panel = panels.get(host) ?? new Panel(host);
  panels.set(host, panel);
  return panel;
}
