import { productModel } from './onnx.ts';

/** A matrix for the binding: what it reads of an onnxruntime tensor. */
interface Matrix {
  type: 'float32';
  location: 'cpu';
  dims: readonly number[];
  data: Float32Array;
}

/** The part of onnxruntime-node's own binding that is used; its `run` comes back when the product is there. */
export interface Binding {
  InferenceSession: new () => {
    loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
    run(feeds: Record<string, Matrix>, fetches: Record<string, Matrix>, options: object): unknown;
  };
}

type Session = InstanceType<Binding['InferenceSession']>;

/** onnxruntime's matrix product (MLAS), on memory that it is shown: no copy is made. */
export class Product {
  readonly #sessions = new Map<number, Session>();

  constructor(
    private readonly binding: Binding,
    private readonly threads: number,
  ) {}

  /** c [m, n] = a b of contiguous matrices; a is stored [k, m] or b [n, k] if transposed. */
  multiply(
    a: { data: Float32Array; transposed: boolean },
    b: { data: Float32Array; transposed: boolean },
    c: Float32Array,
    [m, n, k]: readonly [m: number, n: number, k: number],
  ): void {
    const matrix = (data: Float32Array, rows: number, columns: number, transposed: boolean): Matrix => {
      const dims = transposed ? [columns, rows] : [rows, columns];
      return { type: 'float32', location: 'cpu', dims, data };
    };
    const feeds = { A: matrix(a.data, m, k, a.transposed), B: matrix(b.data, k, n, b.transposed) };
    this.#session(a.transposed, b.transposed).run(feeds, { C: matrix(c, m, n, false) }, {});
  }

  #session(transposeA: boolean, transposeB: boolean): Session {
    const which = 2 * Number(transposeA) + Number(transposeB);
    let session = this.#sessions.get(which);
    if (!session) {
      session = new this.binding.InferenceSession();
      const { buffer, byteOffset, byteLength } = productModel(transposeA, transposeB);
      session.loadModel(buffer, byteOffset, byteLength, {
        intraOpNumThreads: this.threads,
        enableCpuMemArena: false,
        enableMemPattern: false,
        // Threads that spin between products would take the processor from our own kernels.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      });
      this.#sessions.set(which, session);
    }
    return session;
  }
}
