import { Resvg } from '@resvg/resvg-js';
import { FAMILY, fontFiles } from './fonts.ts';

/** SVG text to PNG, with the shipped fonts only. */
export function rasterize(svg: string, scale: number): Buffer {
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: FAMILY },
    logLevel: 'off',
  });
  return image.render().asPng();
}
