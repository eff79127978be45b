import type { Scalar, Tensor } from '@tensorflow/tfjs';
import { ConfigError, NonFiniteError } from '../../errors.ts';
import type { Engine } from '../../engine/engine.ts';
import { tf } from '../../engine/tf.ts';
import { mean, type LossAndGradients } from '../gradients.ts';
import { ParameterStore, type Parameter, type Weights } from '../parameters.ts';
import { noBlocks } from '../backward.ts';
import { assertFinite } from '../stored-weights.ts';
import { withTape } from '../tape.ts';
import type { MeasuredCosts, TensorCost } from '../tensor-cost.ts';
import type { PassOptions, Trainable } from '../trainable.ts';
import { OwnBatch, tensorsIn, wordsOf, type BatchMaker } from './batch.ts';
import type { OwnDefinition } from './definition.ts';
import { checkedLoss } from './loss.ts';
import { MultiplyAddMeter } from './multiply-adds.ts';
import { ownParameters } from './names.ts';
import { costsOfTape, TapeWatch } from './tape-watch.ts';

/** Passes whose times are thrown away, and passes whose best times count. */
const WARM_UP = 2;
const TIMED = 5;

/** Runs a pass in some surroundings. */
type Around = <T>(pass: () => T) => T;

/** Tensors that tell another keeper of the same weights of each new value. */
class FollowedStore extends ParameterStore {
  follow: ((name: string, value: Tensor) => void) | undefined;

  override replace(p: Parameter, next: Tensor): void {
    super.replace(p, next);
    this.follow?.(p.name, next);
  }
}

/** A user's own loss over named tensors on an engine, ready to be trained and measured. */
export class OwnModel<B = unknown> implements Trainable<BatchMaker<B>, OwnBatch<B>> {
  readonly parameters: ParameterStore;
  /** Counted costs by the shapes of a batch. */
  readonly #counted = new Map<string, readonly TensorCost[]>();

  private constructor(
    readonly engine: Engine,
    readonly definition: OwnDefinition<B>,
    store: ParameterStore,
  ) {
    this.parameters = store;
  }

  /**
   * Puts a copy of the weights on the engine; `values` stand in for them (a saved run's). Throws NonFiniteError when one is NaN or
   * infinite.
   */
  static async load<B>(
    engine: Engine,
    definition: OwnDefinition<B>,
    values?: (p: Parameter) => Promise<Float32Array>,
  ): Promise<OwnModel<B>> {
    const store = new FollowedStore(ownParameters(definition.weights));
    try {
      for (const p of store.list) {
        const data = values ? await values(p) : await definition.weights[p.name]!.data<'float32'>();
        assertFinite(data, `Weight ${p.name}`);
        store.replace(p, tf.tensor(data.slice(), [...p.shape], 'float32'));
      }
    } catch (error) {
      store.dispose();
      throw error;
    }
    return new OwnModel(engine, definition, store);
  }

  /** From here on, and with what there is now, another keeper of the weights follows this one. */
  lead(): void {
    const { parameters: store, definition } = this;
    (store as FollowedStore).follow = definition.follow;
    for (const p of store.list) definition.follow?.(p.name, store.get(p));
  }

  prepare(batch: BatchMaker<B>): Promise<OwnBatch<B>> {
    return OwnBatch.of(batch);
  }

  /** @throws ConfigError with `recompute`: there are no blocks */
  lossAndGradients(
    weights: Weights,
    batch: OwnBatch<B>,
    wrt: readonly Parameter[],
    { recompute = false }: PassOptions = {},
  ): Promise<LossAndGradients> {
    if (recompute) return Promise.reject(noBlocks());
    return this.#pass(weights, batch, wrt);
  }

  /**
   * What each tensor costs: a forward and backward pass is watched operation by operation and booked on the tensors that need it (see
   * tape-watch.ts). Multiply-adds where they can be counted; else nanoseconds, each operation's best of five passes.
   */
  async costs(batch: OwnBatch<B>): Promise<MeasuredCosts> {
    const costs = this.definition.costs === 'time' ? undefined : await this.#count(batch);
    if (costs) return { costs, unit: 'multiply-adds' };
    const watches: TapeWatch[] = [];
    for (let i = 0; i < WARM_UP + TIMED; i++) watches.push(await this.#watched(batch, this.definition.clock));
    const milliseconds = costsOfTape(watches.slice(WARM_UP), this.#ids);
    const nanoseconds = ({ dy, dw, fp }: TensorCost) => ({ dy: 1e6 * dy, dw: 1e6 * dw, fp: 1e6 * fp });
    return { costs: milliseconds.map(nanoseconds), unit: 'nanoseconds' };
  }

  /** Counted costs of a batch of the same shapes as one that was counted before. */
  stepCosts(batch: OwnBatch<B>): readonly TensorCost[] | undefined {
    return this.#counted.get(batch.shapes);
  }

  /** The metric of a batch, one number an example or one for all, and its weight in a mean. */
  async metric(batch: OwnBatch<B>): Promise<{ sum: number; count: number }> {
    const { metric, metricName } = this.definition;
    if (!metric) throw new ConfigError('This model was given no metric.');
    const { get } = this.parameters;
    try {
      const given = tf.tidy(() => {
        const found = metric(this.#named(get), batch.value);
        return typeof found === 'number' ? tf.scalar(found) : found.clone();
      });
      try {
        const values = await given.data();
        const count = given.rank === 0 ? (batch.rows ?? 1) : given.size;
        return { sum: mean(values) * count, count };
      } finally {
        given.dispose();
      }
    } catch (error) {
      throw new ConfigError(`The metric ${metricName} failed: ${wordsOf(error)}.`, { cause: error });
    }
  }

  /** Throws when the loss of a batch is no loss, is not finite, or leaves a tensor without a gradient. Counts its costs, if it may. */
  async check(batch: OwnBatch<B>): Promise<void> {
    const { list, get } = this.parameters;
    const { loss, gradients } = await this.#pass(get, batch, list);
    tf.dispose([...gradients.values()]);
    if (!Number.isFinite(loss)) {
      throw new NonFiniteError(`The loss of the first batch is ${loss}. Look at the batch and the weights.`);
    }
    if (this.definition.costs === 'auto') await this.#count(batch);
  }

  dispose(): void {
    this.parameters.dispose();
  }

  /** The tensors' numbers on the tape. */
  get #ids(): number[] {
    const { list, get } = this.parameters;
    return list.map((p) => get(p).id);
  }

  async #count(batch: OwnBatch<B>): Promise<readonly TensorCost[] | undefined> {
    const meter = new MultiplyAddMeter();
    const watch = await this.#watched(batch, meter.read, (pass) => meter.during(pass));
    if (!meter.known) return undefined;
    const costs = costsOfTape([watch], this.#ids);
    this.#counted.set(batch.shapes, costs);
    return costs;
  }

  async #watched(
    batch: OwnBatch<B>,
    clock: () => number,
    around: Around = (pass) => pass(),
  ): Promise<TapeWatch> {
    const watch = new TapeWatch(clock);
    const { gradients } = await this.#pass(this.parameters.get, batch, this.parameters.list, {
      watch,
      around,
    });
    tf.dispose([...gradients.values()]);
    return watch;
  }

  #named(weights: Weights): Record<string, Tensor> {
    return Object.fromEntries(this.parameters.list.map((p) => [p.name, weights(p)]));
  }

  async #pass(
    weights: Weights,
    batch: OwnBatch<B>,
    wrt: readonly Parameter[],
    { watch, around = (pass) => pass() }: { watch?: TapeWatch; around?: Around } = {},
  ): Promise<LossAndGradients> {
    let each: Tensor | undefined;
    let gradients = new Map<Parameter, Tensor>();
    const forward = (): Scalar => {
      watch?.begin();
      const loss = checkedLoss(() => this.definition.loss(this.#named(weights), batch.value));
      each = tf.keep(loss.each);
      watch?.turn();
      return loss.mean;
    };
    try {
      if (wrt.length === 0) tf.tidy(() => void forward());
      else gradients = around(() => this.#backward(forward, weights, wrt));
      return { loss: mean(await each!.data()), gradients };
    } catch (error) {
      tf.dispose([...gradients.values()]);
      throw error;
    } finally {
      each?.dispose();
    }
  }

  #backward(forward: () => Scalar, weights: Weights, wrt: readonly Parameter[]): Map<Parameter, Tensor> {
    const { value, grads } = withTape(forward, wrt.map(weights), { allowNone: true });
    value.dispose();
    const without = wrt.filter((_, i) => !grads[i]);
    if (without.length > 0) {
      tf.dispose(tensorsIn(grads));
      const names = without.map((p) => p.name).join(', ');
      throw new ConfigError(
        `The loss does not depend on ${names}. Use every weight, or leave it out of weights.`,
      );
    }
    return new Map(wrt.map((p, i) => [p, grads[i]!]));
  }
}
