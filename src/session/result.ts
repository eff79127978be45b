import { inspect } from 'node:util';
import type { ColumnTable } from 'arquero';
import { Figure, show } from '../notebook/index.ts';
import { SELF_DISPLAY } from '../notebook/kernel-api.ts';
import type { FigureSpec } from '../plot/index.ts';

/** How a kind of result is drawn, tabled and put in words. */
export interface View<T> {
  figure(data: T): FigureSpec;
  table(data: T): ColumnTable;
  text(data: T): string;
  /** What is shown in a notebook, where the figure is not the best look. */
  html?(data: T): string;
}

/**
 * What a session call found: plain data with four ways to look at it. As the last expression of a notebook cell it
 * shows itself.
 */
export class Result<T> {
  readonly #view: View<T>;
  readonly #shown: boolean;

  /** @param shown - it was shown while it was made: as a cell's last expression it does not show itself again */
  constructor(
    /** The numbers. */
    readonly data: T,
    view: View<T>,
    shown = false,
  ) {
    this.#view = view;
    this.#shown = shown;
  }

  /** An arquero table. */
  table(): ColumnTable {
    return this.#view.table(this.data);
  }

  /** The figure as plotly JSON. */
  spec(): FigureSpec {
    return this.#view.figure(this.data);
  }

  /** Shows the figure, or the page for what is best read: interactive in a notebook, its text in a terminal. */
  show(): void {
    const html = this.#view.html?.(this.data);
    if (html !== undefined) {
      show({ 'text/html': html, 'text/plain': this.toString() });
      return;
    }
    const { data, layout } = this.spec();
    new Figure(data, layout, this.toString()).show();
  }

  toString(): string {
    return this.#view.text(this.data);
  }

  [SELF_DISPLAY](): void {
    if (!this.#shown) this.show();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
