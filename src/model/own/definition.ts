import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../errors.ts';
import { tf } from '../../engine/tf.ts';
import { checkOptions, type Names } from '../../options.ts';

/** What a loss is handed as its batch unless it says otherwise: rows of inputs and of targets. */
export interface XY {
  x: Tensor;
  y: Tensor;
}

/** A model of one's own: tensors by name, and the loss of a batch as a function of them. */
export interface OwnModelOptions<W extends Record<string, Tensor>, B = XY> {
  /** float32 tensors by name, input side first. They are copied when a session is opened and stay yours. */
  weights: W;
  /**
   * Losses [n], one an example, or their mean []. Built of TF.js operations on `weights` and `batch`, without `await`; it runs under
   * `tf.tidy`. Losses one by one are averaged in float64, which keeps the difference of two streams more exact.
   */
  loss: (weights: W, batch: B) => Tensor;
  /** A score of the same kind, for `evaluate`: one number a batch, or one an example [n]. */
  metric?: (weights: W, batch: B) => Tensor | number;
  /** Name of the metric; defaults to the function's own. */
  metricName?: string;
  /** Name in titles; defaults to `own model`. */
  name?: string;
  /** How costs are found; defaults to `auto`. */
  costs?: CostRule;
  /** Milliseconds, to measure costs by; defaults to `performance.now`. */
  clock?: () => number;
}

/**
 * How the cost of tensors is found: multiply-adds are counted where all that is executed can be counted (products and convolutions), and
 * else times are measured (`auto`); or measured in any case (`time`). Counts are the same on every machine.
 */
export type CostRule = 'auto' | 'time';

/** A checked model of one's own, to be opened. Made by {@link ownModel} or `layersModel`. */
export class OwnDefinition<B = XY> {
  readonly name: string;
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly loss: (weights: Record<string, Tensor>, batch: B) => Tensor;
  readonly metric: ((weights: Record<string, Tensor>, batch: B) => Tensor | number) | undefined;
  readonly metricName: string;
  readonly costs: CostRule;
  readonly clock: () => number;

  constructor(
    options: OwnModelOptions<Record<string, Tensor>, B>,
    /** Told of every new value of a tensor, so that another keeper of the weights follows. */
    readonly follow?: (name: string, value: Tensor) => void,
  ) {
    const {
      weights,
      loss,
      metric,
      name = 'own model',
      costs = 'auto',
      clock = () => performance.now(),
    } = options;
    if (typeof loss !== 'function') {
      throw new ConfigError('A model of your own needs loss: a function of (weights, batch).');
    }
    if (!['auto', 'time'].includes(costs)) {
      throw new ConfigError(`costs is ${JSON.stringify(costs)}; take 'auto' or 'time'.`);
    }
    const entries = Object.entries(weights ?? {});
    if (entries.length === 0) {
      throw new ConfigError('A model of your own needs weights: float32 tensors by name, input side first.');
    }
    for (const [key, w] of entries) assertWeight(key, w);
    this.name = name;
    this.weights = Object.freeze({ ...weights });
    this.loss = loss;
    this.metric = metric;
    this.metricName = options.metricName ?? (metric?.name || 'metric');
    this.costs = costs;
    this.clock = clock;
  }
}

const names = {
  ...{ weights: true, loss: true, metric: true, metricName: true, name: true, costs: true, clock: true },
} satisfies Names<OwnModelOptions<Record<string, Tensor>>>;

/**
 * A model of one's own from a loss function over named tensors.
 *
 * @example
 * const model = ownModel({
 *   weights: { w: tf.zeros([2, 1]), b: tf.zeros([1]) },
 *   loss: (w, { x, y }) => tf.squaredDifference(tf.add(tf.matMul(x, w.w), w.b), y).mean(1),
 * });
 * const s = await open({ model, data: { x, y }, batchSize: 32, rateFO: 1e-2 });
 */
export function ownModel<W extends Record<string, Tensor>, B = XY>(
  options: OwnModelOptions<W, B>,
): OwnDefinition<B> {
  checkOptions('ownModel', options, names);
  return new OwnDefinition(options as unknown as OwnModelOptions<Record<string, Tensor>, B>);
}

/** Whether this is a tensor of the TF.js that hi-zfo uses, a variable included. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof tf.Tensor && isOurs(value);
}

/** TF.js tells tensors by what they look like, so that one of another copy passes for one of ours. */
function isOurs(value: object): boolean {
  return [tf.Tensor, tf.Variable].some((type) => value.constructor === type);
}

function assertWeight(name: string, given: unknown): void {
  if (!(given instanceof tf.Tensor)) {
    throw new ConfigError(`Weight ${name} is ${typeof given}, not a tensor. Give tf.tensor(...) of float32.`);
  }
  const w = given as Tensor;
  if (!isOurs(w)) throw new ConfigError(`Weight ${name} ${otherCopy}`);
  if (w.isDisposed) throw new ConfigError(`Weight ${name} was disposed. Make it anew.`);
  if (w.dtype !== 'float32') {
    throw new ConfigError(`Weight ${name} is ${w.dtype}; only float32 is trained. Give w.cast('float32').`);
  }
  if (w.size === 0) throw new ConfigError(`Weight ${name} has shape [${w.shape.join(', ')}]: no values.`);
}

/** What to do about a second TF.js. */
export const otherCopy =
  'comes from another copy of TF.js than the one that hi-zfo uses. Import @tensorflow/tfjs 4.22.0 once: `npm ls @tensorflow/tfjs` ' +
  'shows which package brings the second.';
