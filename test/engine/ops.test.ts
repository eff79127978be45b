import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Engine, tf } from '../../src/engine/index.ts';
import { noLeaks } from '../no-leaks.ts';
import { activations, type Case, cases, inputSizes, tokenLosses, type Values } from './cases.ts';
import { distance, engines, read, sizeOf, tensorOf, values } from './engines.ts';

/** Central differences of <reference, dy> in float64 at up to 50 elements of each input. */
function numericGradients(c: Case, dy: Float32Array): { index: number; slope: number }[][] {
  const inputs: Values = inputSizes(c).map((size, i) => Float64Array.from(values(size, i)));
  const objective = () => c.reference(inputs).reduce((sum, y, i) => sum + y * dy[i]!, 0);
  return inputs.map((input) => {
    const stride = Math.max(1, Math.floor(input.length / 50));
    const picked = Array.from({ length: Math.ceil(input.length / stride) }, (_, i) => i * stride);
    return [...picked, input.length - 1].map((index) => {
      const kept = input[index]!;
      const h = 1e-5;
      input[index] = kept + h;
      const above = objective();
      input[index] = kept - h;
      const below = objective();
      input[index] = kept;
      return { index, slope: c.frozen?.(index) ? 0 : (above - below) / (2 * h) };
    });
  });
}

describe.each(Object.keys(engines))('%s', (name) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await engines[name]!();
    await engine.activate();
  });

  describe.each(cases)('$name', (c) => {
    it('equals the reference', async () => {
      const expected = c.reference(inputSizes(c).map((size, i) => Float64Array.from(values(size, i))));
      const inputs = () => c.shapes.map((shape, i) => tensorOf(shape, i));
      const [y] = await noLeaks(() => read(() => [c.run(engine.ops, inputs())]));
      expect(distance(y!, expected)).toBeLessThan(1e-5);
    });

    it('has the gradients of the reference, for an upstream gradient that is not 1', async () => {
      const size = c.reference(inputSizes(c).map((n, i) => Float64Array.from(values(n, i)))).length;
      const dy = values(size, 100);
      const gradients = await noLeaks(() =>
        read(() => {
          const inputs = c.shapes.map((shape, i) => tensorOf(shape, i));
          const f = (...xs: Tensor[]) => c.run(engine.ops, xs).flatten();
          return tf.grads(f)(inputs, tf.tensor1d(dy));
        }),
      );
      numericGradients(c, dy).forEach((slopes, i) => {
        const ours = slopes.map(({ index }) => gradients[i]![index]!);
        const expected = slopes.map(({ slope }) => slope);
        expect(distance(ours, expected), `gradient of input ${i}`).toBeLessThan(2e-5);
      });
    });

    it('has the same gradient for one input alone', async () => {
      const gradients = await noLeaks(() =>
        read(() => {
          const inputs = c.shapes.map((shape, i) => tensorOf(shape, i));
          const f = (...xs: Tensor[]) => tf.sum(c.run(engine.ops, xs));
          const alone = inputs.map((x, i) =>
            tf.grad((xi: Tensor) => f(...inputs.map((other, j) => (j === i ? xi : other))))(x),
          );
          return [...alone, ...tf.grads(f)(inputs)];
        }),
      );
      const n = c.shapes.length;
      for (let i = 0; i < n; i++) expect(distance(gradients[i]!, gradients[n + i]!)).toBeLessThan(1e-6);
    });
  });

  it('headLoss gives the loss of every token', async () => {
    const [d, vocabulary, targets] = [10, 67, [0, 66, 5, 7]];
    const sizes = [targets.length * d, vocabulary * d];
    const expected = tokenLosses(
      sizes.map((size, i) => Float64Array.from(values(size, i))),
      targets,
      d,
    );
    const [tokens] = await noLeaks(() =>
      read(() => {
        const h = tensorOf([targets.length, d], 0) as Tensor2D;
        const w = tensorOf([vocabulary, d], 1) as Tensor2D;
        return [engine.ops.headLoss(h, w, tf.tensor1d(targets, 'int32')).tokens];
      }),
    );
    expect(distance(tokens!, expected)).toBeLessThan(2e-6);
  });

  it.each([[[4, 8]], [[37]], [[3]], [[5, 7]]])('updates a tensor of shape %j', async (shape) => {
    const n = sizeOf(shape);
    const [w, g, m, v] = [0, 1, 2, 3].map((i) => values(n, i)) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const settings = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 3 };
    const next = await noLeaks(() =>
      read(() => {
        const at = (x: Float32Array) => tf.tensor(x, shape);
        const out = engine.ops.adamw(at(w), at(g), at(m), tf.square(at(v)), settings);
        const scaled = engine.ops.addScaled(at(w), at(g), -0.3);
        expect(out.w.shape).toEqual(shape);
        return [out.w, out.m, out.v, scaled];
      }),
    );
    const nextM = Array.from(m, (x, i) => 0.9 * x + 0.1 * g[i]!);
    const nextV = Array.from(v, (x, i) => 0.999 * x * x + 0.001 * g[i]! ** 2);
    const nextW = Array.from(w, (x, i) => {
      const step = nextM[i]! / (1 - 0.9 ** 3) / (Math.sqrt(nextV[i]! / (1 - 0.999 ** 3)) + 1e-8);
      return x * (1 - 0.01 * 0.1) - 0.01 * step;
    });
    const scaled = Array.from(w, (x, i) => x - 0.3 * g[i]!);
    [nextW, nextM, nextV, scaled].forEach((expected, i) =>
      expect(distance(next[i]!, expected)).toBeLessThan(1e-6),
    );
  });

  it.runIf(name.includes('fused'))('forgets moments before they become denormal', async () => {
    const settings = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 900 };
    const next = await noLeaks(() =>
      read(() => {
        const all = (value: number) => tf.fill([7], value);
        const out = engine.ops.adamw(all(1), all(0), all(1e-31), all(1e-37), settings);
        const large = engine.ops.adamw(all(1), all(Number.NaN), all(1e-20), all(1e-30), settings);
        return [out.w, out.m, out.v, large.w];
      }),
    );
    const seven = (value: number) => Array.from({ length: 7 }, () => value);
    expect(next.map((x) => [...x])).toEqual([seven(1), seven(0), seven(0), seven(Number.NaN)]);
  });

  it('sums products in float64', async () => {
    const pairs = [7, 1000, 3].map((n, i) => [values(n, i), values(n, i + 10)] as const);
    let expected = 0;
    for (const [a, b] of pairs) a.forEach((x, i) => (expected += x * b[i]!));
    const tensors = pairs.map(([a, b]) => [tf.tensor1d(a) as Tensor, tf.tensor1d(b) as Tensor] as const);
    const sum = await noLeaks(() => engine.ops.dot(tensors));
    tf.dispose(tensors.flat());
    if (name === 'webgpu')
      expect(Math.abs(sum - expected)).toBeLessThan(1e-5 * Math.abs(expected)); // no float64 on a card
    else expect(sum).toBeCloseTo(expected, 10);
  });

  it('adds up gradients: a value used twice gets both gradients', async () => {
    const [gradient] = await noLeaks(() =>
      read(() => {
        const x = tensorOf([3, 8], 0) as Tensor2D;
        const gain = tensorOf([8], 1) as Tensor1D;
        const f = (a: Tensor) =>
          tf.sum(
            engine.ops.add(
              engine.ops.add(a as Tensor2D, a as Tensor2D),
              engine.ops.rmsNorm(a as Tensor2D, tf.zerosLike(gain), 1e-5),
            ),
          );
        return [tf.grad(f)(x)];
      }),
    );
    expect(distance(gradient!, new Float32Array(24).fill(2))).toBeLessThan(1e-6);
  });

  it('lets a NaN through to the loss', async () => {
    const losses = await noLeaks(() =>
      read(() => {
        const bad = values(4 * 8, 0);
        bad[13] = Number.NaN;
        const [x, w] = [tf.tensor2d(bad, [4, 8]), tensorOf([9, 8], 1) as Tensor2D];
        const ids = tf.tensor1d([0, 1, 2, 3], 'int32');
        const angle: Tensor2D = tf.zeros([4, 2]);
        const shape = { batch: 1, length: 4, heads: 2, kvHeads: 2, headDim: 4 };
        const mixed = engine.ops.attention(x, x, x, shape, { cos: tf.cos(angle), sin: angle });
        const capped = engine.ops.attention(x, x, x, { ...shape, softcap: 2, window: 3 }, undefined);
        const gain: Tensor1D = tf.ones([8]);
        const gated = engine.ops.gated(x, x, 'silu');
        const bent = activations.map((name) => engine.ops.activate(x, name));
        return [x, mixed, capped, gated, ...bent, engine.ops.layerNorm(x, gain, gain, 1e-5)].map(
          (h) => engine.ops.headLoss(h, w, ids).mean,
        );
      }),
    );
    expect(new Set(losses.map((loss) => loss[0]))).toEqual(new Set([Number.NaN]));
  });

  it.runIf(name.includes('fused'))('frees what the backward pass has spent as it goes', async () => {
    const { first, last } = await noLeaks(() =>
      tf.tidy(() => {
        const gain: Tensor1D = tf.ones([64]);
        const bytes: number[] = [];
        const f = (x: Tensor) => {
          const probe = tf.customGrad((a) => ({
            value: (a as Tensor).clone(),
            gradFunc: (dy: Tensor) => {
              bytes.push(tf.memory().numBytes);
              return dy.clone();
            },
          }));
          let h = probe(x) as Tensor2D;
          for (let i = 0; i < 20; i++) h = engine.ops.rmsNorm(engine.ops.gated(h, h, 'silu'), gain, 1e-5);
          return tf.sum(probe(h));
        };
        tf.grad(f)(tensorOf([32, 64], 0));
        return { first: bytes[0]!, last: bytes[1]! };
      }),
    );
    expect(last).toBeLessThan(first);
  });
});
