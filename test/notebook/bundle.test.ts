import * as tf from '@tensorflow/tfjs';
import * as aq from 'arquero';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSpec, mimeBundle } from '../../src/notebook/bundle.ts';
import { createDisplay } from '../../src/notebook/display-value.ts';
import { PLOTLY_MIME } from '../../src/notebook/figure.ts';
import { JUPYTER_DISPLAY, SELF_DISPLAY } from '../../src/notebook/kernel-api.ts';
import { matrixImage } from '../../src/notebook/matrix-image.ts';
import { html, markdown, png, svg } from '../../src/notebook/media.ts';
import { glance } from '../../src/notebook/numbers.ts';
import { closeRenderer } from '../../src/plot/still/index.ts';
import { recordDisplays } from './recorder.ts';

const shown = recordDisplays();
beforeAll(() => tf.setBackend('cpu'));
afterAll(closeRenderer);

const plain = async (value: unknown): Promise<unknown> => (await mimeBundle(value))?.['text/plain'];

describe('the bundle of', () => {
  it('a value that has one', async () => {
    expect(await mimeBundle({ [JUPYTER_DISPLAY]: () => ({ 'text/html': '<i>' }), a: 1 })).toMatchObject({
      'text/html': '<i>',
    });
    expect(
      await mimeBundle({ [JUPYTER_DISPLAY]: () => Promise.resolve({ 'text/html': '<i>' }) }),
    ).toMatchObject({ 'text/html': '<i>' });
    // What is no bundle is not taken for one.
    expect(await plain({ [JUPYTER_DISPLAY]: () => ({}) })).toContain('Jupyter.display');
  });

  it('a value that shows itself', async () => {
    expect(await mimeBundle({ [SELF_DISPLAY]: () => undefined })).toBeUndefined();
  });

  it('tables, text, maps and errors', async () => {
    expect(Object.keys((await mimeBundle(aq.table({ x: [1] })))!)).toContain('text/html');
    expect(await plain('two\nlines')).toBe('two\nlines');
    expect(await plain(new Map([[1, 'a']]))).toBe("Map(1) { 1 => 'a' }");
    const error = await mimeBundle(new RangeError('far'), { stack: (text) => text.split('\n')[0]! });
    expect(error).toEqual({ 'text/plain': 'RangeError: far' });
  });

  it('typed arrays: short ones as they are, long ones at a glance', async () => {
    expect(await plain(new Uint8Array(3))).toBe('Uint8Array(3) [ 0, 0, 0 ]');
    expect(await plain(Float32Array.from({ length: 5000 }, (_, i) => (i === 1 ? NaN : i / 4)))).toBe(
      'Float32Array(5,000)  min 0  max 1250  mean 625  1 not finite\n[0, NaN, 0.5, 0.75, 1, 1.25, 1.5, 1.75, …]',
    );
  });

  it.each([
    [{ data: [{ y: [1] }] }, true],
    [{ data: [{ type: 'bar', x: ['a'] }], layout: {} }, true],
    [{ data: [] }, false],
    [{ data: [{ y: [1] }], more: 1 }, false],
    [{ data: [3] }, false],
    [{ data: [{ name: 'no trace' }] }, false],
    [{ data: [{ y: [1] }], layout: 3 }, false],
    [{ layout: {} }, false],
    [null, false],
  ])('%j: is it a figure? %s', (value, expected) => {
    expect(isSpec(value)).toBe(expected);
  });
});

describe('the bundle of a tensor', () => {
  it('has type, shape, range and first values, and leaves no tensor behind', async () => {
    const t = tf.tensor2d([
      [1, 2.5],
      [-3, NaN],
    ]);
    const before = tf.memory().numTensors;
    const bundle = await mimeBundle(t);
    expect(bundle?.['text/plain']).toBe(
      'float32 [2, 2], 4 values\nmin -3  max 2.5  mean 0.1667  1 not finite\n  1  2.5\n -3  NaN',
    );
    expect(bundle?.['text/html']).toContain('<img');
    expect(tf.memory().numTensors).toBe(before);
    t.dispose();
    expect(await plain(t)).toBe('float32 [2, 2], 4 values: disposed, its values are gone');
  });

  it('of a million values is small', async () => {
    const t = tf.zeros([1000, 1000]);
    const bundle = await mimeBundle(t);
    expect(JSON.stringify(bundle).length).toBeLessThan(20_000);
    expect(bundle?.['text/html']).toContain('a cell the mean of 11 × 8 values');
    t.dispose();
  });

  it.each([
    ['a scalar', () => tf.scalar(3), 'float32 [], 1 value\n3'],
    ['nothing', () => tf.zeros([0, 3]), 'float32 [0, 3], 0 values'],
    ['booleans', () => tf.tensor1d([1, 0], 'bool'), 'bool [2], 2 values\nmin 0  max 1  mean 0.5\n1  0'],
    ['strings', () => tf.tensor1d(['a']), 'string [1], 1 value\n"a"'],
    ['complex numbers', () => tf.complex([1], [2]), 'complex64 [1], 1 value\n1  2'],
    [
      'only NaN',
      () => tf.fill([2], NaN),
      'float32 [2], 2 values\nmin NaN  max NaN  mean NaN  2 not finite\nNaN  NaN',
    ],
    ['a variable', () => tf.variable(tf.tensor1d([1])), 'float32 [1], 1 value\n1'],
  ])('of %s', async (_, make, expected) => {
    expect(await plain(make())).toBe(expected);
  });
});

describe('a matrix as a picture', () => {
  const pixels = ({ png: file, width, height }: ReturnType<typeof matrixImage>) => {
    const at = file.indexOf('IDAT');
    const raw = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
    return (x: number, y: number): number[] => {
      expect(x < width && y < height).toBe(true);
      return [...raw.subarray(y * (1 + 4 * width) + 1 + 4 * x).subarray(0, 4)];
    };
  };

  it('has the sign as colour and the size as opacity', () => {
    const image = matrixImage([1, -2, 0, NaN], 2, 2);
    const at = pixels(image);
    expect([image.width, image.height, image.limit]).toEqual([32, 32, 2]);
    expect(at(0, 0)).toEqual([0xd5, 0x5e, 0x00, 128]);
    expect(at(31, 0)).toEqual([0x00, 0x72, 0xb2, 255]);
    expect(at(0, 31)[3]).toBe(0);
    expect(at(31, 31)).toEqual([0xaf, 0x4b, 0x8e, 255]);
  });

  it('averages blocks', () => {
    const image = matrixImage(
      Float32Array.from({ length: 300 * 2 }, (_, i) => i % 2),
      300,
      2,
    );
    expect(image.block).toEqual([4, 1]);
    const at = pixels(image);
    expect([at(0, 0)[3], at(31, 0)[3]]).toEqual([0, 255]);
  });
});

it('a glance is one pass in float64', () => {
  const values = Float32Array.from({ length: 1e6 }, () => 0.1);
  expect(glance(values).mean).toBeCloseTo(Math.fround(0.1), 12);
  expect(glance([])).toEqual({ min: NaN, max: NaN, mean: NaN, notFinite: 0 });
});

describe('display', () => {
  const display = createDisplay();

  it('keeps the order of what is shown, tensors included', async () => {
    const t = tf.tensor1d([1, 2]);
    const done = display(t);
    void display('text');
    t.dispose();
    await done;
    expect(shown.map(({ data, options }) => [data['text/plain'], options.update ?? false])).toEqual([
      ['float32 [2], 2 values', false],
      ['text', false],
      ['float32 [2], 2 values\nmin 1  max 2  mean 1.5\n1  2', true],
    ]);
    expect(shown[2]?.id).toBe(shown[0]?.id);
  });

  it('shows a spec as a figure that says its title', async () => {
    await display({ data: [{ y: [1, 2] }], layout: { title: { text: '<b>loss</b>' } } });
    expect(shown[0]?.data).toEqual({
      [PLOTLY_MIME]: { data: [{ y: [1, 2] }], layout: { title: { text: '<b>loss</b>' } } },
      'text/plain': 'loss',
    });
  });

  it('has the kinds of media', () => {
    display.html('<b>');
    display.markdown('*m*');
    display.svg('<svg/>');
    display.png(Uint8Array.of(1, 2));
    expect(shown.map(({ data }) => data)).toEqual([
      html('<b>').bundle,
      markdown('*m*').bundle,
      svg('<svg/>').bundle,
      png('AQI=').bundle,
    ]);
    expect(shown[2]?.data['text/html']).toContain('data:image/svg+xml;base64,PHN2Zy8+');
  });

  it('tells what went wrong to whoever waits', async () => {
    await expect(display({ [JUPYTER_DISPLAY]: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
  });
});
