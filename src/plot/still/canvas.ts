import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const RGBA = 6;

function chunk(type: string, body: Uint8Array): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(body.length, 0);
  typed.copy(out, 4);
  out.writeUInt32BE(crc32(typed) >>> 0, typed.length + 4);
  return out;
}

/** An image of 8-bit RGBA pixels as PNG. */
function encodePng(pixels: Uint8ClampedArray, width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, RGBA], 8);
  const rows = Buffer.alloc(height * (1 + 4 * width));
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(4 * width * y, 4 * width * (y + 1)), y * (1 + 4 * width) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', new Uint8Array()),
  ]);
}

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
