import { types } from 'node:util';
import { mimeBundle, type BundleOptions } from './bundle.ts';
import { show, track } from './display.ts';
import type { MimeBundle } from './kernel-api.ts';
import { html, markdown, png, svg, type Media } from './media.ts';
import { isTensor, tensorHead } from './tensor.ts';

/** Shows values; `display.html` and its like show text and images of a known kind. */
export interface Display {
  /**
   * Shows a value as it would be shown as a cell's last expression: results, figures, plotly specs, arquero tables,
   * tensors, whatever has a `[Symbol.for('Jupyter.display')]` method, and any other value as text.
   *
   * @returns a promise that ends when the value is shown; the cell waits for it by itself
   */
  (value: unknown): Promise<void>;
  html(text: string): void;
  markdown(text: string): void;
  svg(text: string): void;
  /** @param bytes - a PNG file, as bytes or base64 */
  png(bytes: Uint8Array | string): void;
}

/** Makes the `display` of a notebook. */
export function createDisplay(options: BundleOptions = {}): Display {
  const showMedia = (media: Media): void => void show({ ...media.bundle });
  return Object.assign(
    async (value: unknown): Promise<void> => {
      // The values of a tensor take a moment: its place in the order of outputs is taken at once.
      const place = isTensor(value) ? { id: show({ 'text/plain': tensorHead(value) }), update: true } : {};
      const showBundle = (bundle: MimeBundle | undefined): void => {
        if (bundle) show(bundle, place);
      };
      const bundle = mimeBundle(value, options);
      if (!types.isPromise(bundle)) return showBundle(bundle);
      const work = bundle.then(showBundle);
      track(work);
      return work;
    },
    {
      html: (text: string) => showMedia(html(text)),
      markdown: (text: string) => showMedia(markdown(text)),
      svg: (text: string) => showMedia(svg(text)),
      png: (bytes: Uint8Array | string) => showMedia(png(bytes)),
    },
  );
}
