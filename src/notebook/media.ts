import { inspect } from 'node:util';
import { JUPYTER_DISPLAY, type MimeBundle } from './kernel-api.ts';

/** A mime bundle as a value: shown by `display` and as a cell's last expression. */
export class Media {
  readonly bundle: Readonly<MimeBundle>;

  constructor(bundle: MimeBundle) {
    this.bundle = bundle;
  }

  [JUPYTER_DISPLAY](): MimeBundle {
    return this.bundle;
  }

  toString(): string {
    return String(this.bundle['text/plain']);
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

const base64 = (bytes: Uint8Array | string): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('base64');

/** HTML; scripts in it run where the notebook is trusted. */
export const html = (text: string): Media => new Media({ 'text/html': text, 'text/plain': text });

export const markdown = (text: string): Media => new Media({ 'text/markdown': text, 'text/plain': text });

/** An SVG drawing, as an image that untrusted notebooks show too. */
export function svg(text: string): Media {
  const image = `<img alt="SVG" src="data:image/svg+xml;base64,${base64(Buffer.from(text))}">`;
  return new Media({ 'text/html': image, 'text/plain': 'SVG' });
}

/** @param bytes - a PNG file, as bytes or base64 */
export const png = (bytes: Uint8Array | string): Media =>
  new Media({ 'image/png': base64(bytes), 'text/plain': 'PNG' });
