import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import { JSDOM } from 'jsdom';
import { ownBox, pageBox, runWidth, type Box } from './boxes.ts';
import { RasterContext } from './canvas.ts';
import { FAMILY } from './fonts.ts';
import { flatten, type FigureSpec } from './flatten.ts';
import { alongPath } from './path-length.ts';

interface Plotly {
  newPlot(div: Element, data: unknown[], layout: object, config: object): Promise<unknown>;
  purge(div: Element): void;
  Snapshot: { toSVG(div: Element, format: string): string };
}

/** Globals that plotly.js expects of a page. */
const GLOBALS = [
  'document',
  'navigator',
  'Element',
  'HTMLElement',
  'SVGElement',
  'Node',
  'XMLSerializer',
  'DOMParser',
  'MutationObserver',
  'HTMLCanvasElement',
  'Image',
  'getComputedStyle',
  'Event',
  'CustomEvent',
  'requestAnimationFrame',
  'cancelAnimationFrame',
] as const;

const rect = ({ left, top, right, bottom }: Box) => {
  const [width, height] = [right - left, bottom - top];
  return { x: left, y: top, left, top, right, bottom, width, height };
};

/** Gives jsdom's elements the measures and the canvas that it has not. */
function furnish(window: JSDOM['window']): void {
  const page = window as unknown as {
    SVGElement: { prototype: object };
    HTMLCanvasElement: { prototype: object };
    URL: object;
  };
  Object.assign(page.SVGElement.prototype, {
    getBBox(this: Element) {
      return rect(ownBox(this));
    },
    getBoundingClientRect(this: Element) {
      return rect(pageBox(this));
    },
    getComputedTextLength(this: Element) {
      return runWidth(this);
    },
    getTotalLength(this: Element) {
      return alongPath(this.getAttribute('d') ?? '', Infinity).length;
    },
    getPointAtLength(this: Element, length: number) {
      return alongPath(this.getAttribute('d') ?? '', length).point;
    },
  });
  const contexts = new WeakMap<object, RasterContext>();
  Object.assign(page.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElement, kind: string) {
      if (kind !== '2d') return null;
      let context = contexts.get(this);
      if (!context) contexts.set(this, (context = new RasterContext(this.width, this.height)));
      return context;
    },
    toDataURL(this: HTMLCanvasElement) {
      return contexts.get(this)?.toDataURL() ?? 'data:,';
    },
  });
  // resvg smooths enlarged images, so heatmaps must be drawn pixel by pixel and not be left to `pixelated`.
  Object.assign(page, { supportsCSS: () => false });
  Object.assign(page.URL, { createObjectURL: () => 'blob:none', revokeObjectURL: () => undefined });
}

/** Nobody can pan a still: labels must fit. */
const TEMPLATE = { layout: { xaxis: { automargin: true }, yaxis: { automargin: true } } };

/** Draws plotly figures as SVG in a page that has no screen. */
export class Page {
  readonly #plotly: Plotly;
  readonly #document: Document;

  /**
   * Takes over this thread's global names: plotly runs several times faster on real globals than in jsdom's own
   * context.
   *
   * @param plotlyFile - path of plotly.js
   */
  constructor(plotlyFile: string) {
    const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
    furnish(window);
    const own = window as unknown as Record<string, unknown>;
    const globals: Record<string, unknown> = { window, self: window };
    for (const name of GLOBALS) globals[name] = own[name];
    for (const [name, value] of Object.entries(globals))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    // Without `module` and `define` in sight plotly.js leaves itself on window.
    const source = readFileSync(plotlyFile, 'utf8');
    runInThisContext(`(function (module, exports, define, require) {${source}\n})()`, {
      filename: plotlyFile,
    });
    this.#plotly = own.Plotly as Plotly;
    this.#document = window.document;
  }

  /** SVG text of a figure, `width` x `height` pixels. */
  async draw(spec: FigureSpec, width: number, height: number): Promise<string> {
    const { data, layout } = flatten(spec);
    const div = this.#document.body.appendChild(this.#document.createElement('div'));
    try {
      await this.#plotly.newPlot(
        div,
        data,
        { template: TEMPLATE, ...layout, width, height, autosize: false },
        { staticPlot: true, logging: 0 },
      );
      const svg = this.#plotly.Snapshot.toSVG(div, 'svg');
      return svg.replace(/font-family:[^;"]*/g, `font-family:'${FAMILY}'`);
    } finally {
      this.#plotly.purge(div);
      div.remove();
    }
  }
}
