import type { Answer } from '../link.ts';

/** What is used of plotly.js. */
export interface Plotly {
  react: (root: HTMLElement, data: object[], layout: object, config: object) => Promise<unknown>;
  purge: (root: HTMLElement) => void;
  Plots: { resize: (root: HTMLElement) => Promise<unknown> | undefined };
}

declare global {
  interface Window {
    Plotly?: Plotly;
    /** The loader of the JupyterLab extension. */
    hiZfoLoadPlotly?: () => Promise<Plotly>;
    /** The copy that a panel has asked a kernel for. */
    hiZfoPlotly?: Promise<Plotly>;
  }
}

/**
 * plotly.js, loaded once a page: from the front end's extension, or what is there, or from the kernel, which sends it
 * packed. A failure is forgotten, so that the next call may try again.
 */
export function loadPlotly(ask: () => Promise<Answer>): Promise<Plotly> {
  if (window.hiZfoLoadPlotly) return window.hiZfoLoadPlotly();
  if (window.Plotly) return Promise.resolve(window.Plotly);
  window.hiZfoPlotly ??= ask()
    .then(async ({ buffers }) => {
      const [packed] = buffers;
      if (!packed) throw new Error('The kernel sent no plotly.js.');
      return run(await unpacked(packed));
    })
    .catch((error: unknown) => {
      delete window.hiZfoPlotly;
      throw error;
    });
  return window.hiZfoPlotly;
}

async function unpacked(packed: DataView): Promise<string> {
  const bytes = new Uint8Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

/** Runs the script with the page's module loaders hidden: then it leaves itself on window. */
function run(code: string): Plotly {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const script = new Function('define', 'module', 'exports', 'require', code) as (this: Window) => void;
  script.call(window);
  if (!window.Plotly) throw new Error('plotly.js did not load.');
  return window.Plotly;
}
