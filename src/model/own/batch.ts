import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../errors.ts';
import { tf } from '../../engine/tf.ts';
import type { Prepared } from '../trainable.ts';

/** How a batch is made. */
export interface BatchMaker<B> {
  /** Says which batch it is, for messages. */
  what: string;
  make: () => B | Promise<B>;
}

/** A batch as the loss takes it. Tensors that were made with it are freed with it; those that were there before, or are kept, stay. */
export class OwnBatch<B> implements Prepared {
  private constructor(
    readonly value: B,
    /** Length of the tensors' first dimension, where they agree. */
    readonly rows: number | undefined,
    /** Shapes of its tensors, to know batches that are computed alike. */
    readonly shapes: string,
    private readonly made: readonly Tensor[],
  ) {}

  /** Makes a batch. Throws ConfigError that names it when that fails, and leaves nothing behind. */
  static async of<B>({ make, what }: BatchMaker<B>): Promise<OwnBatch<B>> {
    const before = newestId();
    try {
      const value = await inScope(make);
      const tensors = tensorsIn(value);
      const lengths = new Set(tensors.map((t) => t.shape[0]));
      const rows = lengths.size === 1 ? [...lengths][0] : undefined;
      const shapes = tensors.map((t) => t.shape.join()).join(' ');
      const made = tensors.filter((t) => t.id > before);
      if (tensors.every((t) => !t.isDisposed)) return new OwnBatch(value, rows, shapes, made);
      free(made);
      throw new ConfigError(
        'it holds a tensor that was disposed. Tensors made for a batch are freed after it: make them anew each time, or tf.keep() them',
      );
    } catch (error) {
      throw new ConfigError(`${what} could not be made: ${wordsOf(error)}.`, { cause: error });
    }
  }

  dispose(): void {
    free(this.made);
  }
}

/** The message of whatever was thrown. */
export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}

/** Whether this is a promise, or looks like one. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

/** The tensors in a value, its lists and its plain objects. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof tf.Tensor) return [value as Tensor];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  if (Array.isArray(value)) return typeof value[0] === 'number' ? [] : value.flatMap(tensorsIn);
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value).flatMap(tensorsIn) : [];
}

function free(tensors: readonly Tensor[]): void {
  for (const t of tensors) if (!t.kept && !t.isDisposed) t.dispose();
}

/** Tensors are numbered as they are made. */
function newestId(): number {
  const t = tf.scalar(0);
  t.dispose();
  return t.id;
}

/** Frees what was made on the way and is not in the result. What a promise will still use is left alone. */
function inScope<T>(make: () => T): T {
  const engine = tf.engine();
  let result: T | undefined;
  engine.startScope('batch');
  try {
    return (result = make());
  } finally {
    engine.endScope(isPromise(result) ? engine.state.activeScope.track : tensorsIn(result));
  }
}
