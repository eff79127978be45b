import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildStill } from '../../scripts/build-still.mjs';
import { pageBox } from '../../src/plot/still/boxes.ts';
import { textWidth } from '../../src/plot/still/fonts.ts';
import { flatten, type FigureSpec } from '../../src/plot/still/flatten.ts';
import { Page } from '../../src/plot/still/page.ts';
import { closeRenderer, renderPng } from '../../src/plot/still/index.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const steps = Array.from({ length: 50 }, (_, i) => i);
const losses = steps.map((i) => 3 * Math.exp(-i / 20) + 0.1 * Math.sin(i));

const lines: FigureSpec = {
  data: [
    { x: steps, y: losses, name: 'clean loss', mode: 'lines' },
    {
      x: steps,
      y: losses.map((l) => l * 1.1),
      name: 'a perturbed loss with a rather long name',
      mode: 'lines+markers',
    },
  ],
  layout: {
    title: { text: 'Loss' },
    xaxis: { title: { text: 'step' } },
    yaxis: { title: { text: 'nats per token' } },
  },
};
const figures: Record<string, FigureSpec> = {
  lines,
  bars: {
    data: ['FO', 'ZO'].map((name) => ({
      type: 'bar',
      name,
      x: steps.slice(0, 8).map((i) => `model.layers.${i}.self_attn.q_proj.weight`),
      y: losses.slice(0, 8),
      error_y: { type: 'data', array: losses.slice(0, 8).map(() => 0.2) },
    })),
    layout: { barmode: 'stack' },
  },
  heatmap: {
    data: [
      {
        type: 'heatmap',
        z: [
          [1, 2],
          [3, 4],
        ],
        x: ['attention', 'feed-forward'],
        y: ['layers.0', 'layers.1'],
      },
    ],
  },
  histogram: { data: [{ type: 'histogram', x: losses }] },
  boxes: { data: [{ type: 'box', y: losses, name: 'draws' }] },
  logarithmic: {
    data: [{ x: [1, 10, 100], y: [100, 10, 1] }],
    layout: {
      xaxis: { type: 'log' },
      yaxis: { type: 'log' },
      annotations: [{ x: 1, y: 1, text: 'law 1/q' }],
      shapes: [{ type: 'line', x0: 1, x1: 100, y0: 10, y1: 10 }],
    },
  },
  panels: {
    data: [{ y: losses }, { y: losses, xaxis: 'x2', yaxis: 'y2' }],
    layout: { grid: { rows: 1, columns: 2, pattern: 'independent' } },
  },
};

/** Contents of a PNG's first chunk of a type. */
function chunk(png: Buffer, type: string): Buffer {
  const at = png.indexOf(type, 8, 'latin1');
  return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
}

describe('plotly in a page without a screen', () => {
  let page: Page;
  beforeAll(() => {
    page = new Page(createRequire(import.meta.url).resolve('plotly.js-dist/plotly.js'));
  });

  async function draw(spec: FigureSpec): Promise<Element> {
    const svg = await page.draw(spec, 720, 450);
    return new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  }

  it.each(Object.entries(figures))('%s: no text hangs over the edge', async (_, spec) => {
    const texts = [...(await draw(spec)).querySelectorAll('text')].filter((text) => text.textContent !== '');
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) {
      const { left, right, top, bottom } = pageBox(text);
      expect([text.textContent, left >= -1, right <= 721, top >= -1, bottom <= 451]).toEqual([
        text.textContent,
        true,
        true,
        true,
        true,
      ]);
    }
  });

  it('lines end before the legend begins', async () => {
    const svg = await draw(lines);
    const box = (selector: string) => pageBox(svg.querySelector(selector)!);
    expect(svg.querySelectorAll('.scatterlayer .trace')).toHaveLength(2);
    expect(box('.legendtext').left).toBeGreaterThan(box('.js-line').right);
  });

  it('draws the cells of a heatmap in their colours', async () => {
    const image = (await draw(figures.heatmap!)).querySelector('.heatmaplayer image');
    const href = image?.getAttribute('xlink:href') ?? '';
    expect(href).toMatch(/^data:image\/png;base64,/);
    const [width, height] = ['width', 'height'].map((name) => Number(image?.getAttribute(name)));
    const rows = inflateSync(chunk(Buffer.from(href.slice(href.indexOf(',') + 1), 'base64'), 'IDAT'));
    const colours = new Map<string, number>();
    for (let y = 0; y < height!; y++)
      for (let x = 0; x < width!; x++) {
        const at = y * (1 + 4 * width!) + 1 + 4 * x;
        const colour = rows.toString('hex', at, at + 4);
        colours.set(colour, (colours.get(colour) ?? 0) + 1);
      }
    // Four values, four opaque colours, a quarter of the pixels each: sharp cells.
    const quarter = (width! * height!) / 4;
    expect([...colours.keys()].every((colour) => colour.endsWith('ff'))).toBe(true);
    expect([...colours.values()].map((count) => Math.round((10 * count) / quarter))).toEqual([
      10, 10, 10, 10,
    ]);
  });

  it('draws WebGL points as SVG', async () => {
    const svg = await draw({ data: [{ type: 'scattergl', x: steps, y: losses, mode: 'markers' }] });
    expect(svg.querySelectorAll('.scatterlayer .point')).toHaveLength(50);
  });

  it('a surface is seen from above, and says so', async () => {
    const z = steps.map((i) => steps.map((j) => Math.sin(i / 5) * Math.cos(j / 5)));
    const layout = { scene: { xaxis: { title: { text: 'direction u' } } } };
    const svg = await draw({ data: [{ type: 'surface', z }], layout });
    expect(svg.querySelectorAll('.contourlayer path').length).toBeGreaterThan(3);
    expect(svg.textContent).toContain('seen from above');
    expect(svg.textContent).toContain('direction u');
  });

  it('names what it cannot draw', () => {
    const { layout } = flatten({ data: [{ type: 'mesh3d' }] });
    expect(JSON.stringify(layout.annotations)).toContain('no still of mesh3d');
  });

  it('leaves nothing in the page', async () => {
    await draw(lines);
    expect(document.querySelectorAll('.js-plotly-plot')).toHaveLength(0);
  });
});

it('text is as wide as the font says', () => {
  // Advance widths of DejaVu Sans in units of 2048: H 1540, i 569.
  expect(textWidth('Hi', 16, 'regular')).toBeCloseTo((16 * (1540 + 569)) / 2048, 6);
  expect(textWidth('loss', 12, 'bold')).toBeGreaterThan(textWidth('loss', 12, 'regular'));
});

describe('renderPng', () => {
  beforeAll(async () => {
    await buildStill({ ifStale: true });
  });
  afterAll(closeRenderer);

  const size = (png: Buffer) => [png.toString('latin1', 1, 4), png.readUInt32BE(16), png.readUInt32BE(20)];

  it('gives PNGs of the size asked for', async () => {
    expect(size(await renderPng(lines))).toEqual(['PNG', 1080, 675]);
    expect(size(await renderPng({ ...lines, layout: { width: 400, height: 300 } }))).toEqual([
      'PNG',
      600,
      450,
    ]);
    expect(size(await renderPng(lines, { width: 300, height: 200, scale: 1 }))).toEqual(['PNG', 300, 200]);
  });

  it('draws several at once, each its own and the same every time', async () => {
    const [a, b, c] = await Promise.all([lines, figures.bars!, lines].map((spec) => renderPng(spec)));
    expect(a!.equals(c!)).toBe(true);
    expect(a!.equals(b!)).toBe(false);
    expect(a!.length).toBeGreaterThan(10_000);
  });

  it('starts again after it was closed, and tells those who waited', async () => {
    const waiting = renderPng(lines);
    const refused = expect(waiting).rejects.toThrow('closed');
    await closeRenderer();
    await refused;
    expect(size(await renderPng(lines))[0]).toBe('PNG');
  });

  it('keeps no process alive', async () => {
    const script = `
      const { renderPng } = await import('${root}/src/plot/still/index.ts');
      console.log((await renderPng({ data: [{ y: [1, 2] }] })).length);`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 50_000 });
    expect(Number(stdout)).toBeGreaterThan(1000);
  });
});
