import type { Tensor, TensorLike } from '@tensorflow/tfjs';
import { Sampler } from '../../data/index.ts';
import { tf } from '../../engine/tf.ts';
import { ConfigError } from '../../errors.ts';
import { OwnBatch, tensorsIn, type BatchMaker } from '../../model/index.ts';
import type { RunSource } from '../source.ts';
import { digestOf } from './digest.ts';

/**
 * Batches of one's own: the batch of a step from 0 on, or a list that is gone through again and again. A function must give the same
 * for the same step, since going back and resuming ask again; tensors that it makes are freed after use.
 */
export type Batches<B> = ((step: number) => B | Promise<B>) | readonly B[];

/** Rows to draw batches from: tensors or arrays of one length, under the names that the loss takes. */
export type Data<B> = { readonly [K in keyof B]: B[K] | TensorLike };

/** What the batches of a run are made of. */
export interface OwnData<B> {
  batches?: Batches<B> | undefined;
  data?: Data<B> | undefined;
  batchSize?: number | undefined;
  test?: Data<B> | readonly B[] | undefined;
  seed: number;
}

const BATCH = 32;

/** The batches of a run on a model of one's own. */
export class OwnSource<B> implements RunSource {
  readonly name = 'own data';
  readonly title = 'own data';
  readonly notes: readonly string[] = [];

  private constructor(
    readonly size: number,
    readonly digest: string,
    private readonly make: (step: number) => B | Promise<B>,
    /** Held-out batches. */
    readonly test: readonly BatchMaker<B>[],
    private readonly held: readonly Tensor[],
  ) {}

  /** Checks what was given and makes tensors of arrays. Throws ConfigError and leaves nothing behind. */
  static async of<B>({ batches, data, batchSize, test, seed }: OwnData<B>): Promise<OwnSource<B>> {
    if ((batches === undefined) === (data === undefined)) {
      throw new ConfigError(
        `A model of your own needs batches or data, ${data ? 'not both' : 'one of them'}: ` +
          'batches: (step) => ... or a list, or data: { x, y } with batchSize.',
      );
    }
    if (batches !== undefined && batchSize !== undefined) {
      throw new ConfigError('batchSize goes with data; batches come in the size that you make them.');
    }
    const held: Tensor[] = [];
    try {
      const rows = data && rowsOf(data, 'data', held);
      const size = rows ? (batchSize ?? Math.min(BATCH, rows.count)) : NaN;
      const make = rows ? drawn(rows, new Sampler(rows.count, size, seed)) : given(batches!);
      return new OwnSource(size, await digest(batches, rows), make, heldOut(test, size, held), held);
    } catch (error) {
      tf.dispose(held);
      throw error;
    }
  }

  at(step: number): BatchMaker<B> {
    return { what: `The batch of step ${step}`, make: () => this.make(step) };
  }

  dispose(): void {
    tf.dispose([...this.held]);
  }
}

interface Rows<B> {
  count: number;
  columns: B;
  /** Some of the rows as a batch; the tensors are new. */
  take(indices: readonly number[]): B;
}

/** Columns as tensors; those that are made of arrays join `held`. */
function rowsOf<B>(data: Data<B>, what: string, held: Tensor[]): Rows<B> {
  const columns = eachColumn<B>(data, (value, name) => {
    if (value instanceof tf.Tensor) return value as Tensor;
    try {
      const made = tf.tensor(value as TensorLike);
      held.push(made);
      if (tf.util.flatten(value as number[]).length !== made.size)
        throw new Error('its rows differ in length');
      return made;
    } catch (error) {
      const why = (error as Error).message;
      throw new ConfigError(`${what}.${name} is no tensor, and none can be made of it: ${why}`, {
        cause: error,
      });
    }
  });
  const lengths = Object.entries(columns as object).flatMap(([name, column]) =>
    tensorsIn(column).map((t) => ({ name, length: t.shape[0] })),
  );
  const [first] = lengths;
  const other = lengths.find((l) => l.length !== first?.length);
  if (!first?.length || other) {
    const found = lengths.map(({ name, length }) => `${name} has ${length ?? 'no'} rows`).join(', ');
    throw new ConfigError(
      `${what} needs columns of one length, each with a row an example: ${found || 'it is empty'}.`,
    );
  }
  const take = (indices: readonly number[]) => {
    const places = tf.tensor1d([...indices], 'int32');
    return eachColumn<B>(columns as object, (t) => tf.gather(t as Tensor, places));
  };
  return { count: first.length, columns, take };
}

/** The same columns with other values; a list of tensors is a column for each. */
function eachColumn<B>(data: object | null, of: (value: unknown, name: string) => Tensor): B {
  const all = Object.entries(data ?? {}).map(([name, value]: [string, unknown]) => {
    const isList = Array.isArray(value) && value[0] instanceof tf.Tensor;
    return [name, isList ? value.map((t) => of(t, name)) : of(value, name)];
  });
  return Object.fromEntries(all) as B;
}

const drawn =
  <B>(rows: Rows<B>, sampler: Sampler) =>
  (step: number) =>
    rows.take(sampler.batchAt(step));

function given<B>(batches: Batches<B>): (step: number) => B | Promise<B> {
  if (typeof batches === 'function') return batches;
  if (!Array.isArray(batches) || batches.length === 0) {
    throw new ConfigError('batches is neither a function of the step nor a list with at least one batch.');
  }
  return (step) => batches[step % batches.length] as B;
}

function heldOut<B>(test: Data<B> | readonly B[] | undefined, size: number, held: Tensor[]): BatchMaker<B>[] {
  if (test === undefined) return [];
  const what = (i: number) => `The held-out batch ${i}`;
  if (Array.isArray(test)) return (test as B[]).map((batch, i) => ({ what: what(i), make: () => batch }));
  const rows = rowsOf(test as Data<B>, 'test', held);
  const each = Number.isNaN(size) ? BATCH : size;
  return Array.from({ length: Math.ceil(rows.count / each) }, (_, i) => {
    const count = Math.min(each, rows.count - i * each);
    return { what: what(i), make: () => rows.take(Array.from({ length: count }, (_, k) => i * each + k)) };
  });
}

/** Of all there is to train on, or of the first batch where a function makes them. */
async function digest<B>(batches: Batches<B> | undefined, rows: Rows<B> | undefined): Promise<string> {
  if (rows) return digestOf(rows.columns);
  if (typeof batches !== 'function') return digestOf(batches);
  const first = await OwnBatch.of({ what: 'The batch of step 0', make: () => batches(0) });
  try {
    return await digestOf(first.value);
  } finally {
    first.dispose();
  }
}
