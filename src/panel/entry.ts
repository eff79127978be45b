import { randomUUID } from 'node:crypto';
import { track } from '../notebook/display.ts';
import { show, type Figure, type Widget } from '../notebook/index.ts';
import { JUPYTER_DISPLAY } from '../notebook/kernel-api.ts';
import { inWords } from './words.ts';

/** A page that has drawn nothing after this time has no anywidget. */
const HELLO_MS = 5000;
/** A still is drawn when nothing has happened for so long. */
const QUIET_MS = 1500;

/** Class of the element that a panel is drawn in. */
export const VIEW_CLASS = 'hi-zfo-panel-view';

/**
 * Where the panel is drawn, the still under it is hidden. Both are outputs of one cell, one after the other; the class
 * names are those of JupyterLab and Notebook 7.
 */
export const HIDE_STILL = `.jp-OutputArea-child:has(.${VIEW_CLASS}) + .jp-OutputArea-child { display: none; }`;

export const NO_ANYWIDGET =
  'a still: the live panel needs anywidget in the page (pip install anywidget, reload)';

/**
 * The two outputs that a panel has in a notebook: the view, and under it a still. The view's output is not touched while
 * the widget lives, since front ends draw a view anew whenever its output is updated; the still's is. Where no widget can
 * be drawn (an export, a repository's page, a front end without anywidget) the still is what is seen.
 */
export class PanelEntry {
  readonly #widget: Widget;
  readonly #still: (notes?: readonly string[]) => Figure;
  readonly #viewId = randomUUID();
  readonly #stillId = randomUUID();
  #shown = false;
  /** A view has announced itself. */
  #seen = false;
  /** A page has loaded since the outputs were made: updates do not reach it. */
  #outOfReach = false;
  #waiting: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #drawing: Promise<void> = Promise.resolve();

  constructor(widget: Widget, still: (notes?: readonly string[]) => Figure) {
    this.#widget = widget;
    this.#still = still;
    widget.on('reload', () => (this.#outOfReach = true));
  }

  /** Adds a view with its still to the cell that runs. */
  show(): void {
    const still = this.#still();
    this.#shown = true;
    this.#outOfReach = false;
    show(this.#widget.bundle(), { id: this.#viewId });
    show({ 'text/plain': still.toString() }, { id: this.#stillId });
    this.#draw(still);
    if (this.#seen) return;
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => {
      this.#waiting = undefined;
      this.#draw(this.#still([NO_ANYWIDGET]), true);
    }, HELLO_MS);
    this.#waiting.unref();
  }

  /** A view is there. */
  seen(): void {
    if (this.#seen) return;
    this.#seen = true;
    const late = this.#shown && this.#waiting === undefined;
    clearTimeout(this.#waiting);
    if (late) this.refresh();
  }

  /** Draws the still anew when nothing else happens for a moment. */
  refresh(): void {
    clearTimeout(this.#quiet);
    if (!this.#shown) return;
    const notes = this.#seen || this.#waiting ? [] : [NO_ANYWIDGET];
    this.#quiet = setTimeout(() => this.#draw(this.#still(notes), notes.length > 0), QUIET_MS);
    this.#quiet.unref();
  }

  /** The widget is closed: from now on the outputs are a figure and nothing else. */
  close(): void {
    clearTimeout(this.#waiting);
    clearTimeout(this.#quiet);
    if (!this.#shown) return;
    const still = this.#still();
    show({ 'text/plain': this.#widget.toString() }, { id: this.#viewId, update: true });
    this.#draw(still, true);
    if (this.#outOfReach) still.show(); // in the cell that closes
  }

  /** Puts a figure into the still's output: as a picture, or interactive too where it is all that is seen. */
  #draw(figure: Figure, interactive = false): void {
    const draw = async () => {
      const bundle = await figure[JUPYTER_DISPLAY]();
      const { 'image/png': png, 'text/plain': text } = bundle;
      const data = interactive ? bundle : { 'image/png': png, 'text/plain': text };
      show(data, { id: this.#stillId, update: true });
    };
    this.#drawing = this.#drawing.then(draw).catch((error: unknown) => {
      console.warn(`hi-zfo: no still picture of the panel (${inWords(error)})`);
    });
    track(this.#drawing);
  }
}
