import { beforeAll, describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { type Engine, openEngine, tf } from '../../src/engine/index.ts';
import { productModel } from '../../src/engine/wasm/mlas/onnx.ts';
import { Product, type Binding } from '../../src/engine/wasm/mlas/product.ts';
import { tryProduct } from '../../src/engine/wasm/mlas/try-product.ts';
import { engineOn } from '../../src/engine/wasm/on-workspace.ts';
import { startWasm } from '../../src/engine/wasm/start.ts';
import { Workspace } from '../../src/engine/wasm/workspace.ts';
import type { Session } from '../../src/session/index.ts';
import { curve, start, weights } from '../session/opened.ts';

const nothing: (run: number) => boolean = () => false;
/** What the sessions below do; each counts what was asked of it. */
const sessions = { made: 0, runs: 0, threads: 0, failsAt: nothing };

/** Stands in for onnxruntime's binding: multiplies by our own kernel on the heap, so that the wasm engine is the reference to the bit. */
let own: Workspace;
class ProductSession {
  #transposed: readonly boolean[] = [];
  loadModel(buffer: ArrayBufferLike, at: number, length: number, options: object): void {
    sessions.made++;
    sessions.threads = (options as { intraOpNumThreads: number }).intraOpNumThreads;
    const model = Buffer.from(buffer, at, length);
    const ways = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
    this.#transposed = ways.find((way) => model.equals(productModel(...way)))!;
  }
  run({ A, B }: Matrices, { C }: Matrices): void {
    if (sessions.failsAt(sessions.runs++)) throw new Error('bad allocation');
    const [a, b] = this.#transposed as [boolean, boolean];
    const [m, n] = C!.dims as [number, number];
    own.gemm(
      { at: A!.data.byteOffset, stride: A!.dims[1]!, transposed: a },
      { at: B!.data.byteOffset, stride: B!.dims[1]!, transposed: b },
      { at: C!.data.byteOffset, stride: n },
      [m, n, A!.dims[a ? 0 : 1]!],
    );
  }
}
type Matrices = Record<string, { data: Float32Array; dims: readonly number[] }>;
const binding: Binding = { InferenceSession: ProductSession };

let engine: Engine;
beforeAll(async () => {
  const heap = await startWasm();
  own = new Workspace(heap, { relaxed: true, threads: 2 });
  const workspace = new Workspace(heap, { relaxed: true, threads: 2, product: new Product(binding, 2) });
  const facts = { summary: '', threads: 2, reason: '', rejected: [], faster: [] };
  engine = await engineOn(workspace, true, { name: 'fast', ...facts });
});

async function session(on: Engine = engine): Promise<Session> {
  const s = await start({ engine: on });
  await s.partition({ rho: 0.6 });
  return s;
}

/** Does a step whose products fail where `failsAt` says; its error, if it ends with one, and how many products were asked for. */
async function step(s: Session, failsAt: (run: number) => boolean) {
  sessions.runs = 0;
  sessions.failsAt = failsAt;
  const error = await s.step().then(
    () => undefined,
    (e: Error) => e,
  );
  sessions.failsAt = nothing;
  return { error, runs: sessions.runs };
}

describe('a product that fails in the midst of a step', () => {
  it('is done again on a new session, to the same bits; when that fails too, nothing has changed', async () => {
    const [reference, s] = [await session(await openEngine('wasm', { threads: 2 })), await session()];
    await reference.run(4);
    const { runs } = await step(s, nothing);
    expect(runs).toBeGreaterThan(50);
    for (const at of [0, Math.floor(runs / 2), runs - 1]) {
      const [before, { numTensors, numDataBuffers }, done] = [await weights(s), tf.memory(), s.steps];
      const ended = await step(s, (run) => run >= at);
      expect(ended.error).toBeInstanceOf(EngineError);
      expect(String(ended.error)).toMatch(/failed twice: bad allocation.*smaller batch.*engine: 'wasm'/);
      expect(await weights(s)).toEqual(before);
      expect([s.steps, tf.memory()]).toMatchObject([done, { numTensors, numDataBuffers }]);
      expect(tf.engine().isTapeOn()).toBe(false);

      const made = sessions.made;
      const mended = await step(s, (run) => run === at);
      expect(mended.error).toBeUndefined();
      expect(sessions.made - made).toBeGreaterThan(0);
    }
    expect(curve(s)).toEqual(curve(reference));
    expect(await weights(s)).toEqual(await weights(reference));
  });
});

describe('a product is tried', () => {
  const options = { shared: true, sizes: [61, 67, 71] as const };
  /** Multiplies in JavaScript. */
  const plain: Binding = {
    InferenceSession: class extends ProductSession {
      override run({ A, B }: Matrices, { C }: Matrices): void {
        if (sessions.failsAt(sessions.runs++)) throw new Error('no thread');
        const [a, b] = [tf.tensor(A!.data.slice(), [...A!.dims]), tf.tensor(B!.data.slice(), [...B!.dims])];
        const inner = A!.dims.filter((size) => B!.dims.includes(size))[0]!;
        const c = tf.matMul(a, b, A!.dims[0] === inner, B!.dims[1] === inner);
        C!.data.set(c.dataSync<'float32'>());
        tf.dispose([a, b, c]);
      }
    },
  };

  it('with its own number of threads, transposed in every way', () => {
    const { made } = sessions;
    tryProduct(new Product(plain, 3), options);
    expect([sessions.made - made, sessions.threads]).toEqual([4, 3]);
  });

  it('and says in a word why it does not serve', () => {
    sessions.failsAt = () => true;
    expect(() => tryProduct(new Product(plain, 3), options)).toThrow(/^no thread$/);
    sessions.failsAt = nothing;
  });
});
