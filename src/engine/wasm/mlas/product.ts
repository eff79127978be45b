import { EngineError } from '../../../errors.ts';
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

/** A matrix that lies contiguously, stored transposed or not. */
interface Operand {
  data: Float32Array;
  transposed: boolean;
}

/** onnxruntime's matrix product (MLAS), on memory that it is shown: no copy is made. */
export class Product {
  /** By which operands are transposed. */
  readonly #sessions = new Map<number, Session>();

  constructor(
    private readonly binding: Binding,
    readonly threads: number,
  ) {}

  /**
   * c [m, n] = a b of contiguous matrices; a is stored [k, m] or b [n, k] if transposed. Where the session fails, once more on a
   * new one, which gives the same bits. Never by another product: its bits are others, and a step that is run again or
   * replayed would no longer be what it was.
   * @throws EngineError when the new session fails too
   */
  multiply(
    a: Operand,
    b: Operand,
    c: Float32Array,
    [m, n, k]: readonly [m: number, n: number, k: number],
  ): void {
    const matrix = ({ data, transposed }: Operand, rows: number, columns: number): Matrix => {
      const dims = transposed ? [columns, rows] : [rows, columns];
      return { type: 'float32', location: 'cpu', dims, data };
    };
    const feeds = { A: matrix(a, m, k), B: matrix(b, k, n) };
    const fetches = { C: matrix({ data: c, transposed: false }, m, n) };
    const run = () => this.#session(a.transposed, b.transposed).run(feeds, fetches, {});
    const lose = () => this.#sessions.delete(placeOf(a.transposed, b.transposed));
    try {
      run();
    } catch {
      lose();
      try {
        run();
      } catch (cause) {
        lose();
        throw new EngineError(
          `onnxruntime's matrix product failed twice: ${cause instanceof Error ? cause.message : String(cause)}. A session puts back what the step had moved. ` +
            'If memory is short, end other programs or take a smaller batch, and run on. Or save the run and go on without onnxruntime: ' +
            "open({ resume, engine: 'wasm' }).",
          { cause },
        );
      }
    }
  }

  #session(transposeA: boolean, transposeB: boolean): Session {
    const place = placeOf(transposeA, transposeB);
    let session = this.#sessions.get(place);
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
      this.#sessions.set(place, session);
    }
    return session;
  }
}

const placeOf = (transposeA: boolean, transposeB: boolean) => 2 * Number(transposeA) + Number(transposeB);
