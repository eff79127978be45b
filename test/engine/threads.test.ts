import { Script } from 'node:vm';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { type Engine, openEngine, type Ops, tf } from '../../src/engine/index.ts';
import { compileKernels, instantiate, type Kernels } from '../../src/engine/wasm/modules.ts';
import { ranges, rangesOf } from '../../src/engine/wasm/threads/ranges.ts';
import { withSharedMemory } from '../../src/engine/wasm/threads/shared-memory.ts';
import { Threads } from '../../src/engine/wasm/threads/threads.ts';
import { noLeaks } from '../no-leaks.ts';
import { tool } from '../../src/engine/install/tool.ts';
import { startWasm } from '../../src/engine/wasm/start.ts';
import { tensorOf } from './engines.ts';

const key = { seed: 1, step: 2, query: 3, tensor: 4 };
const settings = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 3 };
const [rows, d, ff] = [201, 96, 131];
const shape = { batch: 3, length: 67, heads: 4, kvHeads: 2, headDim: 24 };

/** Large enough to be split, and of sizes that no number of threads divides. */
const differentiable: Record<string, [number[][], (ops: Ops, xs: Tensor[]) => Tensor]> = {
  embed: [[[300, d]], (ops, [w]) => ops.embed(w as Tensor2D, ids(rows, 300))],
  rmsNorm: [[[rows, d], [d]], (ops, [x, g]) => ops.rmsNorm(x as Tensor2D, g as Tensor1D, 1e-5)], // prettier-ignore
  layerNorm: [[[rows, d], [d], [d]], (ops, [x, g, b]) => ops.layerNorm(x as Tensor2D, g as Tensor1D, b as Tensor1D, 1e-5)], // prettier-ignore
  linear: [[[rows, d], [ff, d], [ff]], (ops, [x, w, b]) => ops.linear(x as Tensor2D, w as Tensor2D, b as Tensor1D)], // prettier-ignore
  'linear, in x out': [[[rows, d], [d, ff]], (ops, [x, w]) => ops.linear(x as Tensor2D, w as Tensor2D, undefined, true)], // prettier-ignore
  split: [[[rows, ff]], (ops, [x]) => tf.concat(ops.split(x as Tensor2D, [100, 20, 11]), 1)],
  attention: [[[rows, d], [rows, d / 2], [rows, d / 2]], (ops, [q, k, v]) => ops.attention(q as Tensor2D, k as Tensor2D, v as Tensor2D, shape, undefined)], // prettier-ignore
  gated: [
    [
      [rows, ff],
      [rows, ff],
    ],
    (ops, [a, b]) => ops.gated(a as Tensor2D, b as Tensor2D, 'silu'),
  ],
  activate: [[[rows, ff]], (ops, [x]) => ops.activate(x as Tensor2D, 'gelu')],
  add: [
    [
      [rows, ff],
      [rows, ff],
    ],
    (ops, [a, b]) => ops.add(a as Tensor2D, b as Tensor2D),
  ],
  headLoss: [[[rows, d], [301, d]], (ops, [h, w]) => ops.headLoss(h as Tensor2D, w as Tensor2D, ids(rows, 301)).mean], // prettier-ignore
};
const updates: Record<string, (ops: Ops, w: Tensor) => Tensor[]> = {
  noise: (ops) => [ops.noise([100_003], key, 'gaussian'), ops.noise([100_003], key, 'rademacher')],
  perturb: (ops, w) => [ops.perturb(w, 0.5, key, 'gaussian')],
  addScaled: (ops, w) => [ops.addScaled(w, w, 0.1)],
  adamw: (ops, w) => Object.values(ops.adamw(w, w, w, tf.square(w), settings)),
};

const digest = (t: Tensor) => createHash('sha256').update(t.dataSync()).digest('hex');

function ids(n: number, limit: number): Tensor1D {
  const values = Int32Array.from({ length: n }, (_, i) => (i * 7919) % limit);
  return tf.tensor1d(values, 'int32');
}

describe('several threads on one heap', () => {
  let one: Engine;
  let three: Engine;
  beforeAll(async () => {
    one = await openEngine('wasm', { threads: 1 });
    three = await openEngine('wasm', { threads: 3 });
    await three.activate();
  });

  it('are what the engine says it has', () => {
    expect(one.describe()).toMatchObject({ threads: 1 });
    expect(three.describe().summary).toContain('3 threads');
    expect(() => openEngine('wasm', { threads: 0 })).toThrow(EngineError);
  });

  it.each(Object.keys(differentiable))(
    'give the bits of one thread, values and gradients: %s',
    async (name) => {
      const [shapes, run] = differentiable[name]!;
      const bits = (engine: Engine) =>
        tf.tidy(() => {
          const xs = shapes.map((s, i) => tensorOf(s, i));
          const { value, grads } = tf.valueAndGrads((...inputs: Tensor[]) => tf.sum(run(engine.ops, inputs)))(xs); // prettier-ignore
          return [run(engine.ops, xs), value, ...grads].map((t) => t.dataSync());
        });
      const [expected, actual] = await noLeaks(() => [bits(one), bits(three)]);
      expect(actual).toEqual(expected);
    },
  );

  it.each(Object.keys(updates))('give the bits of one thread: %s', async (name) => {
    const bits = (engine: Engine) =>
      tf.tidy(() => updates[name]!(engine.ops, tensorOf([100_003], 0)).map(digest));
    const [expected, actual] = await noLeaks(() => [bits(one), bits(three)]);
    expect(actual).toEqual(expected);
  });

  it('add a long sum up in one order', async () => {
    const x = tensorOf([700_001], 0);
    const [a, b] = [await one.ops.dot([[x, x]]), await three.ops.dot([[x, x]])];
    expect(a).toBe(b);
    const squares = Array.from(x.dataSync(), (v) => v * v);
    expect(a).toBeCloseTo(
      squares.reduce((sum, v) => sum + v, 0),
      3,
    );
    x.dispose();
  });

  it('go on after many jobs, with other work between them', () => {
    const x = tensorOf([40_000], 0);
    let sum = 0;
    for (let i = 0; i < 2000; i++) {
      const y = three.ops.addScaled(x, x, 1);
      if (i % 500 === 0) sum += y.dataSync()[39_999]!;
      y.dispose();
    }
    expect(sum).toBe(8 * x.dataSync()[39_999]!);
    x.dispose();
  });
});

describe('the parts of a job', () => {
  it.each([
    [10, 3, 1],
    [100_003, 4, 16],
    [5, 8, 1],
    [7, 2, 16],
    [0, 2, 8],
  ])('cover %i items in at most %i parts that begin at multiples of %i', (total, most, grain) => {
    const parts = ranges(total, most, grain);
    expect(parts.length).toBeLessThanOrEqual(most);
    expect(parts.reduce((sum, [, count]) => sum + count, 0)).toBe(total);
    let next = 0;
    for (const [first, count] of parts) {
      expect([first, first % grain]).toEqual([next, 0]);
      next += count;
    }
  });

  it('of one size do not depend on threads', () => {
    expect(rangesOf(70, 32)).toEqual([
      [0, 32],
      [32, 32],
      [64, 6],
    ]);
  });
});

describe('a module with shared memory', () => {
  const load = createRequire(import.meta.url);
  const stock = () =>
    readFileSync(join(dirname(load.resolve('@tensorflow/tfjs-backend-wasm')), 'tfjs-backend-wasm-simd.wasm'));

  it('is the module with one byte changed', () => {
    const before = new Uint8Array(stock());
    const after = withSharedMemory(before);
    const changed = [...after.keys()].filter((i) => after[i] !== before[i]);
    expect(changed.map((i) => [before[i], after[i]])).toEqual([[1, 3]]);
    expect(WebAssembly.validate(after)).toBe(true);
  });

  it('needs a memory with a maximum', () => {
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const memory = (...limits: number[]) => new Uint8Array([...header, 5, limits.length + 1, 1, ...limits]);
    expect(withSharedMemory(memory(1, 1, 2))).toEqual(memory(3, 1, 2));
    expect(() => withSharedMemory(memory(0, 1))).toThrow(EngineError);
    expect(() => withSharedMemory(new Uint8Array(header))).toThrow(/memory/);
  });
});

describe('engines with different numbers of threads', () => {
  it('share one pool, as large as the largest asks for, and each uses its own number', async () => {
    const { pool } = await startWasm();
    for (const [options, uses] of [
      [{ threads: 2 }, 2],
      [{ threads: 1 }, 1],
      [{ threads: 3 }, 3],
      [{ threads: 3, relaxed: false }, 3],
      [{ threads: 2, fused: false }, 2],
    ] as const) {
      expect((await openEngine('wasm', options)).describe().threads).toBe(uses);
    }
    expect(pool.count).toBe(3);
  });

  it.runIf(process.platform === 'linux')('start no other threads, and let the process end', async () => {
    const source = join(import.meta.dirname, '../../src/engine/index.ts');
    const script = `
      import { readdirSync } from 'node:fs';
      import { openEngine, tf } from ${JSON.stringify(source)};
      const threads = () => readdirSync('/proc/self/task').length;
      await (await openEngine('wasm', { threads: 1 })).activate();
      const before = threads();
      for (const options of [{ threads: 2 }, { threads: 1 }, { threads: 4 }, { threads: 3 }, { threads: 4, relaxed: false }])
        await (await openEngine('wasm', options)).activate();
      const x = tf.ones([300, 300]);
      console.log(threads() - before, tf.sum(tf.matMul(x, x)).dataSync()[0]);`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', script];
    expect(await tool(process.execPath, args, '')).toBe(`3 ${300 ** 3}\n`);
  });
});

describe('a thread that is not done in time', () => {
  it('ends the job with an error, and no other begins before it is done', async () => {
    const { backend } = await startWasm();
    const { wasm } = backend;
    const { memory } = wasm.asm;
    const { kernels, noise } = compileKernels(memory, false);
    const bytes = instantiate<Kernels>(kernels, memory).gemmScratch();
    const scratch = () => wasm._malloc(bytes);
    const pool = new Threads({ modules: [[kernels, noise]], memory, scratch }, 1);
    expect(pool.grow(2)).toBe(2);
    const n = 2 ** 20;
    const [a, b, sum] = [0, 1, 2].map(() => wasm._malloc(4 * n)) as [number, number, number];
    new Float32Array(memory.buffer, a, n).fill(1);
    const product = (size: number, to: number) => [a, size, a, size, to, size, size, size, size, 0, 0, 0];
    const job = { set: 0, kernel: 'gemm', threads: 2, scratch: true };
    /** The worker takes the long call while this thread has the short one; it may come too late for that. */
    const isLost = () => {
      try {
        pool.run(job, [product(128, b), product(1024, sum)]);
        return false;
      } catch (error) {
        expect(String(error)).toMatch(/was lost/);
        return true;
      }
    };
    let tries = 0;
    while (!isLost()) expect(++tries).toBeLessThan(500);
    const zero = { set: 0, kernel: 'zero', threads: 1 };
    for (let done = false; !done;) {
      try {
        pool.run(zero, [[sum, n]]);
        done = true;
      } catch (error) {
        expect(String(error)).toMatch(/was lost/);
      }
    }
    await new Promise((later) => setTimeout(later, 200));
    expect(new Float32Array(memory.buffer, sum, n).every((x) => x === 0)).toBe(true);
    for (const at of [a, b, sum]) wasm._free(at);
  });
});

describe('a job that is ended in its midst', () => {
  it.each([3, 2])(
    'does not reach into the next one, as when the stop button ends a cell; %i threads then',
    async (threads) => {
      const next = await openEngine('wasm', { threads });
      const first = await openEngine('wasm', { threads: 3 });
      await first.activate();
      const at = (tensor: number) => tensorOf([768, 768], tensor) as Tensor2D;
      const [a, b, other] = [at(0), at(1), at(2)];
      const product = () => tf.tidy(() => tf.matMul(a, b).dataSync<'float32'>());
      const expected = product();
      Object.assign(globalThis, {
        endless: () => {
          for (;;) tf.matMul(other, other).dispose();
        },
      });
      for (let round = 0; round < 8; round++) {
        await first.activate();
        expect(() => void new Script('endless()').runInThisContext({ timeout: 40 + round })).toThrow(
          /timed out/,
        );
        await next.activate();
        const found = product();
        expect(found.every((x, i) => x === expected[i])).toBe(true);
      }
      tf.dispose([a, b, other]);
    },
  );
});
