import { inspect } from 'node:util';
import { forScreen } from '../plot/webgl.ts';
import { currentSink, show, track } from './display.ts';
import { JUPYTER_DISPLAY, SELF_DISPLAY, type DisplayOptions, type MimeBundle } from './kernel-api.ts';
import { plainSpec, type PlotlySpec } from './spec.ts';

export const PLOTLY_MIME = 'application/vnd.plotly.v1+json';

/** Draws a still picture of a plotly figure. */
export type StillRenderer = (spec: PlotlySpec) => Promise<Uint8Array>;

const drawStill: StillRenderer = async (spec) => {
  const { renderPng } = await import('../plot/still/render.ts');
  return renderPng(spec);
};

/**
 * A figure: a plotly spec with a line of text. In a notebook it is interactive at once and gets a still picture (PNG)
 * as soon as that is drawn, for places that cannot run plotly; in a terminal its text is printed.
 *
 * @example
 * new Figure([{ y: [3, 2, 1] }], { title: { text: 'loss' } }, 'loss fell from 3 to 1').show();
 */
export class Figure {
  readonly data: unknown[];
  readonly layout: Record<string, unknown>;
  /** What the figure says, in words. */
  readonly text: string;
  readonly #draw: StillRenderer;
  #still: Promise<Uint8Array> | undefined;

  /** @param draw - draws the still; plotly.js with resvg when left out */
  constructor(
    data: unknown[],
    layout: Record<string, unknown>,
    text: string,
    draw: StillRenderer = drawStill,
  ) {
    ({ data: this.data, layout: this.layout } = plainSpec({ data, layout }));
    this.text = text;
    this.#draw = draw;
  }

  /** The figure as JSON, for plotly.js. */
  spec(): Required<PlotlySpec> {
    return { data: this.data, layout: this.layout };
  }

  /** The still picture, drawn once. */
  png(): Promise<Uint8Array> {
    return (this.#still ??= this.#draw(this.spec()));
  }

  /** Shows the figure; the still follows in the same display entry. */
  show(options: DisplayOptions = {}): void {
    const atOnce = this.#atOnce();
    const id = show(atOnce, options);
    if (currentSink().kind !== 'terminal') track(this.#addStill(atOnce, { ...options, id, update: true }));
  }

  toString(): string {
    return this.text;
  }

  [inspect.custom](): string {
    return this.text;
  }

  /** The whole bundle, still included. */
  async [JUPYTER_DISPLAY](): Promise<MimeBundle> {
    return this.#withStill(this.#atOnce(), await this.png());
  }

  /** A figure that is a cell's last expression shows itself. */
  [SELF_DISPLAY](): void {
    this.show();
  }

  #atOnce(): MimeBundle {
    return { [PLOTLY_MIME]: forScreen(this.spec()), 'text/plain': this.text };
  }

  #withStill(bundle: MimeBundle, png: Uint8Array): MimeBundle {
    return { ...bundle, 'image/png': Buffer.from(png).toString('base64') };
  }

  async #addStill(atOnce: MimeBundle, options: DisplayOptions): Promise<void> {
    try {
      show(this.#withStill(atOnce, await this.png()), options);
    } catch (error) {
      console.warn(
        `hi-zfo: no still picture of this figure (${error instanceof Error ? error.message : String(error)})`,
      );
    }
  }
}
