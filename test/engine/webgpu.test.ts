import { describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { guard } from '../../src/engine/webgpu/guard.ts';
import type { WebgpuBackend } from '../../src/engine/webgpu/backend.ts';
import { runProgram } from '../../src/engine/webgpu/backend.ts';
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
    const program = {
      variableNames: ['X'],
      outputShape: [4],
      uniforms: '',
      shaderKey: 'broken on purpose',
      getUserCode: () => 'fn main(index: i32) { result[index] = no_such_function(X[index]); }',
    };
    const x = tf.ones([4]);
    const y = runProgram(program, [x], [], { work: 4, perGroup: 64 });
    await expect(y.data()).rejects.toThrow(/webgpu engine failed/);
    const [one, two] = [tf.ones([4]), tf.fill([4], 2)]; // x is void as well: it was sent to the card with the program
    const three = tf.add(one, two);
    expect([...(await three.data())]).toEqual([3, 3, 3, 3]);
    tf.dispose([x, y, one, two, three]);
  });
});
