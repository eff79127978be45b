import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findMlas,
  folderOf,
  loadMlas,
  ONNXRUNTIME,
  openEngine,
  tf,
  uninstallEngine,
} from '../../src/engine/index.ts';
import { productModel } from '../../src/engine/wasm/mlas/onnx.ts';
import { MANIFEST } from '../../src/engine/install/place.ts';
import { noLeaks } from '../no-leaks.ts';
import { cases, inputSizes } from './cases.ts';
import { distance, tensorOf, values } from './engines.ts';

const installed = findMlas() !== undefined;

describe('onnxruntime as an optional peer', () => {
  const before = process.env.HI_ZFO_CACHE;
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'hi-zfo-fast-'));
    process.env.HI_ZFO_CACHE = cache;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.HI_ZFO_CACHE;
    else process.env.HI_ZFO_CACHE = before;
    rmSync(cache, { recursive: true });
  });

  /** A folder as `hi-zfo engine install fast` makes it, with another package in it. */
  function install(version: string, binding: string): void {
    const folder = join(folderOf('fast'), 'node_modules', ONNXRUNTIME.name);
    mkdirSync(join(folder, 'dist'), { recursive: true });
    writeFileSync(join(folderOf('fast'), MANIFEST), '{}');
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: ONNXRUNTIME.name, version }));
    writeFileSync(join(folder, 'dist', 'binding.js'), binding);
  }

  it('of another version is not used, and that is said', async () => {
    install('1.21.0', '');
    expect(() => loadMlas()).toThrow(/version 1\.21\.0.*tried with 1\.30\.0 only/);
    await expect(openEngine('fast')).rejects.toThrow(/needs onnxruntime-node 1\.30\.0.*hi-zfo engine install fast/s); // prettier-ignore
  });

  it('without the binding that is looked for is not used', () => {
    install(ONNXRUNTIME.version, 'module.exports = {};');
    expect(() => loadMlas()).toThrow(/has no binding/);
  });

  it('whose products are wrong is not used', () => {
    install(
      ONNXRUNTIME.version,
      `class InferenceSession { loadModel() {} run(feeds, { C }) { C.data.fill(1); } }
       module.exports = { initOrt() {}, binding: { InferenceSession } };`,
    );
    expect(() => loadMlas()).toThrow(/product came out as 1 in place of /);
  });

  it('is removed only where hi-zfo has put it', async () => {
    expect(await uninstallEngine('fast')).toBe(false);
    mkdirSync(folderOf('fast'), { recursive: true });
    await expect(uninstallEngine('fast')).rejects.toThrow(/Nothing was removed/);
    install(ONNXRUNTIME.version, '');
    expect(await uninstallEngine('fast')).toBe(true);
    expect(await uninstallEngine('fast')).toBe(false);
  });

  it('is asked for a product by a model of one node', () => {
    const bytes = Buffer.from(productModel(true, false));
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([8, 8])); // ir_version 8
    expect(bytes.toString('latin1')).toContain('FusedMatMul');
    const differing = [...bytes.keys()].filter((i) => bytes[i] !== productModel(false, true)[i]);
    expect(differing.map((i) => bytes[i])).toEqual([1, 0]);
  });
});

describe.runIf(installed)('the fast engine', () => {
  it('says what it is', async () => {
    const { name, summary } = (await openEngine('fast', { threads: 2 })).describe();
    expect(name).toBe('fast');
    expect(summary).toMatch(/products by onnxruntime 1\.30\.0 \(2 threads\)/);
  });

  it.each([
    [128, 96, 80, false],
    [128, 96, 80, true],
    [1, 1024, 512, false],
    [201, 131, 67, true],
  ])(
    'multiplies [%i, %i] to [., %i], values and gradients, as our own kernels do',
    async (n, inputs, outputs, inOut) => {
      const [fast, own] = [
        await openEngine('fast', { threads: 2 }),
        await openEngine('wasm', { threads: 1 }),
      ];
      await fast.activate();
      const all = ({ ops }: typeof fast) =>
        tf.tidy(() => {
          const xs = [tensorOf([n, inputs], 0), tensorOf(inOut ? [inputs, outputs] : [outputs, inputs], 1)];
          const run = (x: Tensor, w: Tensor) => ops.linear(x as Tensor2D, w as Tensor2D, undefined, inOut);
          const dy = tensorOf([n, outputs], 2);
          return [run(xs[0]!, xs[1]!), ...tf.grads(run)(xs, dy)].map((t) => t.dataSync());
        });
      const [actual, expected] = await noLeaks(() => [all(fast), all(own)]);
      actual.forEach((x, i) => expect(distance(x, expected[i]!)).toBeLessThan(2e-6));
    },
  );

  it.each(cases)('equals the reference: $name', async (c) => {
    const { ops } = await openEngine('fast', { threads: 2 });
    const expected = c.reference(inputSizes(c).map((size, i) => Float64Array.from(values(size, i))));
    const y = tf.tidy(() => c.run(ops, c.shapes.map((shape, i) => tensorOf(shape, i))).dataSync()); // prettier-ignore
    expect(distance(y, expected)).toBeLessThan(1e-5);
  });
});
