import { encodePng } from './png.ts';

interface Raster {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

function rgba(style: string): [number, number, number, number] {
  const [r = 0, g = 0, b = 0, a = 1] = (style.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b, Math.round(a * 255)];
}

/** The part of a canvas that plotly's heatmaps draw on: whole pixels, no shapes, no text. */
export class RasterContext {
  fillStyle = 'rgba(0,0,0,1)';
  #raster: Raster;

  constructor(width: number, height: number) {
    this.#raster = this.createImageData(width, height);
  }

  createImageData(width: number, height: number): Raster {
    return { width, height, data: new Uint8ClampedArray(4 * width * height) };
  }

  putImageData(image: Raster): void {
    this.#raster = image;
  }

  fillRect(left: number, top: number, width: number, height: number): void {
    const { width: columns, height: rows, data } = this.#raster;
    const colour = rgba(this.fillStyle);
    for (let y = Math.max(0, top); y < Math.min(rows, top + height); y++)
      for (let x = Math.max(0, left); x < Math.min(columns, left + width); x++)
        data.set(colour, 4 * (y * columns + x));
  }

  toDataURL(): string {
    const { data, width, height } = this.#raster;
    return `data:image/png;base64,${encodePng(data, width, height).toString('base64')}`;
  }
}
