import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it, vi } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { guard } from '../../src/engine/webgpu/guard.ts';
import type { WebgpuBackend } from '../../src/engine/webgpu/backend.ts';
import { webgpuBackend } from '../../src/engine/webgpu/backend.ts';
import { runProgram } from '../../src/engine/webgpu/program.ts';
import { tf } from '../../src/engine/index.ts';
import { engines } from './engines.ts';

/** A backend whose error scopes give these messages, one a submit. */
function backendWith(messages: (string | null)[]) {
  const open: string[] = [];
  let submits = 0;
  const scopes: (string | null)[] = [];
  const device = {
    lost: new Promise<never>(() => undefined),
    pushErrorScope: (filter: string) => void open.push(filter),
    popErrorScope: () => {
      const filter = open.pop();
      const message = filter === 'validation' ? scopes.at(-1) : undefined;
      return Promise.resolve(message ? { message } : null);
    },
  };
  const backend = {
    device,
    submitQueue: () => void scopes.push(messages[submits++] ?? null),
    read: () => Promise.resolve(new Float32Array([7])),
  };
  guard(backend as unknown as WebgpuBackend);
  return { backend: backend as unknown as WebgpuBackend, open };
}

describe('the guard of WebGPU', () => {
  it('throws the first error of what ran since the last read, once', async () => {
    const { backend, open } = backendWith([null, 'shader is broken\nline 2', 'after-effect']);
    for (let i = 0; i < 3; i++) backend.submitQueue();
    const error = await backend.read({}).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineError);
    expect(String(error)).toMatch(/shader is broken\. What was computed/);
    expect([...(await backend.read({}))]).toEqual([7]);
    expect(open).toHaveLength(3); // the scopes of what comes next
  });
});

describe.runIf('webgpu' in engines)('webgpu', () => {
  it('a program that does not compile is an error and no zeros', async () => {
    await engines.webgpu!().then((engine) => engine.activate());
    const x = tf.ones([4]);
    const { Y: y } = runProgram({
      key: 'broken on purpose',
      inputs: { X: x },
      outputs: { Y: [4] },
      uniforms: {},
      groups: 1,
      code: () => 'fn main(group: i32, thread: i32) { Y[thread] = no_such_function(X[thread]); }',
    });
    await expect(y.data()).rejects.toThrow(/webgpu engine failed/);
    const [one, two] = [tf.ones([4]), tf.fill([4], 2)]; // x is void as well: it was sent to the card with the program
    const three = tf.add(one, two);
    expect([...(await three.data())]).toEqual([3, 3, 3, 3]);
    tf.dispose([x, y, one, two, three]);
  });

  it('reaches every element when there are more workgroups than a dimension takes', async () => {
    const engine = await engines.webgpu!();
    await engine.activate();
    const n = 65_535 * 64 + 100;
    const [a, b] = [tf.ones([n]), tf.fill([n], 2)];
    const y = engine.ops.addScaled(a, b, 3);
    const values = await y.data();
    tf.dispose([a, b, y]);
    expect(values.every((x) => x === 7)).toBe(true);
  });

  it('is one program where it could be a dozen', async () => {
    const engine = await engines.webgpu!();
    await engine.activate();
    const { ops } = engine;
    const [x, table]: [Tensor2D, Tensor2D] = [tf.ones([6, 8]), tf.ones([6, 2])];
    const gain: Tensor1D = tf.ones([8]);
    const ids = tf.tensor1d([1, 2, 3, 4, 5, 0], 'int32');
    const shape = { batch: 2, length: 3, heads: 2, kvHeads: 2, headDim: 4 };
    const settings = { rate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, step: 1 };
    const programs = (f: () => void): number => {
      const run = vi.spyOn(webgpuBackend(), 'recordAndSubmit');
      f();
      const { length } = run.mock.calls;
      run.mockRestore();
      return length;
    };
    /** Programs of f, and of f and its gradient. */
    const counted = (f: (a: Tensor2D) => Tensor) => [
      programs(() => f(x)),
      programs(() => tf.grad((a) => f(a as Tensor2D))(x.clone(), x)),
    ];
    const counts = tf.tidy(() => ({
      rmsNorm: counted((a) => ops.rmsNorm(a, gain, 1e-5)),
      layerNorm: counted((a) => ops.layerNorm(a, gain, gain, 1e-5)),
      gated: counted((a) => ops.gated(a, x, 'silu')),
      embed: counted((a) => ops.embed(a, ids)),
      attention: counted((a) => ops.attention(a, x, x, shape, undefined)),
      rotary: counted((a) => ops.attention(a, x, x, shape, { cos: table, sin: table })),
      adamw: programs(() => ops.adamw(x, x, x, x, settings)),
    }));
    tf.dispose([x, table, gain, ids]);
    expect(counts).toEqual({
      rmsNorm: [1, 2],
      layerNorm: [1, 2],
      gated: [1, 2],
      embed: [1, 2],
      attention: [1, 3],
      rotary: [2, 5],
      adamw: 1,
    });
  });
});
