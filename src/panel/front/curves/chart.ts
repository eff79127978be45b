import { h } from '../dom.ts';
import type { Plotly } from './plotly.ts';

/** At most 8 draws a second, and never more than a third of the time. */
const EVERY_MS = 125;
const SHARE = 3;

const config = { displayModeBar: false, displaylogo: false, responsive: false, scrollZoom: false };

/** A plotly figure that is drawn anew when something has changed: coalesced, only while it can be seen. */
export class Chart {
  readonly element = h('div', { class: 'hz-chart' });
  readonly #figure: () => { data: object[]; layout: Record<string, unknown> };
  readonly #load: () => Promise<Plotly>;
  readonly #failed: (error: unknown) => void;
  #plotly: Plotly | undefined;
  #wanted = false;
  #visible = false;
  #drawing = false;
  #closed = false;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Before this no draw begins. */
  #notBefore = 0;

  constructor(
    figure: () => { data: object[]; layout: Record<string, unknown> },
    load: () => Promise<Plotly>,
    failed: (error: unknown) => void,
    signal: AbortSignal,
  ) {
    this.#figure = figure;
    this.#load = load;
    this.#failed = failed;
    const seen = new IntersectionObserver(([entry]) => {
      this.#visible = entry?.isIntersecting ?? false;
      this.#plan();
    });
    seen.observe(this.element);
    let width = 0;
    const sized = new ResizeObserver(() => {
      const now = this.element.clientWidth;
      if (now === width) return;
      width = now;
      this.draw();
    });
    sized.observe(this.element);
    signal.addEventListener('abort', () => {
      this.#closed = true;
      seen.disconnect();
      sized.disconnect();
      cancelAnimationFrame(this.#frame);
      clearTimeout(this.#timer);
      this.#plotly?.purge(this.element);
    });
  }

  /** Something has changed. */
  draw(): void {
    this.#wanted = true;
    this.#plan();
  }

  #plan(): void {
    const idle = this.#timer === undefined && this.#frame === 0 && !this.#drawing;
    if (!this.#wanted || !this.#visible || this.#closed || !idle) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#frame = requestAnimationFrame(() => {
          this.#frame = 0;
          void this.#now();
        });
      },
      Math.max(0, this.#notBefore - performance.now()),
    );
  }

  async #now(): Promise<void> {
    this.#wanted = false;
    this.#drawing = true;
    try {
      this.#plotly ??= await this.#load();
      if (this.#closed) return;
      const start = performance.now();
      const { data, layout } = this.#figure();
      const sized = { ...layout, width: this.element.clientWidth };
      // Room from the start, so that what lies below does not jump.
      this.element.style.height = `${Number(layout.height)}px`;
      await this.#plotly.react(this.element, data, sized, config);
      if (this.#closed) this.#plotly.purge(this.element);
      const took = performance.now() - start;
      this.#notBefore = start + Math.max(EVERY_MS, SHARE * took);
    } catch (error) {
      this.#notBefore = performance.now() + 5000;
      if (!this.#closed) this.#failed(error);
    } finally {
      this.#drawing = false;
      this.#plan();
    }
  }
}
