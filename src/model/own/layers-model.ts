import type { LayersModel, Tensor, Variable } from '@tensorflow/tfjs';
import { ConfigError } from '../../errors.ts';
import { tf } from '../../engine/tf.ts';
import { checkOptions, type Names } from '../../options.ts';
import { OwnDefinition, otherCopy, type CostRule } from './definition.ts';

/** A batch of a tf.LayersModel: its inputs and targets, lists where it has several. */
export interface LayersBatch {
  x: Tensor | Tensor[];
  y: Tensor | Tensor[];
}

/** A function of targets and outputs, as in `model.compile`: any shape whose mean is meant. */
export type LayersFunction = (y: Tensor, output: Tensor) => Tensor;

/** Options of {@link layersModel}. */
export interface LayersModelOptions {
  /**
   * Name of a loss of TF.js (`meanSquaredError`, `sparseCategoricalCrossentropy`, ...) or a function of (y, output), lists where the
   * model has several outputs. Defaults to what the model was compiled with.
   */
  loss?: string | LayersFunction | ((y: Tensor[], outputs: Tensor[]) => Tensor);
  /** `accuracy`, or a function of (y, output), for `evaluate`. */
  metric?: 'accuracy' | LayersFunction | ((y: Tensor[], outputs: Tensor[]) => Tensor | number);
  /** Name in titles; defaults to the model's. */
  name?: string;
  /** How costs are found; defaults to `auto`. */
  costs?: CostRule;
  /** Milliseconds, to measure costs by; defaults to `performance.now`. */
  clock?: () => number;
}

const names = {
  ...{ loss: true, metric: true, name: true, costs: true, clock: true },
} satisfies Names<LayersModelOptions>;

type Variables = LayersModel['trainableWeights'];
type AnyFunction = (y: Tensor | Tensor[], output: Tensor | Tensor[]) => Tensor;

/**
 * A tf.LayersModel to be trained by Hi-ZFO: its trainable weights, in the order of its layers. It runs as at inference (no dropout, fixed
 * batch statistics), so that both streams see the same function. From `open` on the model's own variables hold the trained
 * weights, after every step, and keep them when the session is closed.
 *
 * @example
 * const net = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
 * const s = await open({ model: layersModel(net, { loss: 'meanSquaredError' }), data: { x, y }, batchSize: 32 });
 */
export function layersModel(
  model: LayersModel,
  options: LayersModelOptions = {},
): OwnDefinition<LayersBatch> {
  if (!(model instanceof tf.LayersModel)) {
    const is = (model as { predict?: unknown } | undefined)?.predict ? otherCopy : `is ${typeof model}.`;
    throw new ConfigError(
      `The model ${is} Give a tf.LayersModel (tf.sequential, tf.model, tf.loadLayersModel).`,
    );
  }
  checkOptions('layersModel', options, names);
  if (model.stateful)
    throw new ConfigError('A stateful model has no loss of one batch. Make it with stateful: false.');
  const variables = variablesOf(model);
  const loss = lossOf(model, options.loss);
  const { name = model.name, metric, costs, clock } = options;
  const score = metric === 'accuracy' ? accuracy : (metric as AnyFunction | undefined);
  const read = new Map([...variables].map(([key, v]) => [key, v.read()]));
  return new OwnDefinition<LayersBatch>(
    {
      name,
      weights: Object.fromEntries(read),
      loss: (weights, { x, y }) =>
        withWeights(variables, weights, () => {
          const each = loss(y, outputsOf(model, x)).flatten();
          return model.calculateLosses().reduce((sum: Tensor, penalty) => sum.add(penalty), each);
        }),
      ...(score && {
        metric: (weights, { x, y }) => withWeights(variables, weights, () => score(y, outputsOf(model, x))),
        metricName: metric === 'accuracy' ? 'accuracy' : score.name || 'metric',
      }),
      ...(costs && { costs }),
      ...(clock && { clock }),
    },
    (key, value) => {
      const variable = read.get(key) as Variable;
      if (!variable.isDisposed) variable.assign(value); // shares the data
    },
  );
}

/** The trainable weights by name. Throws ConfigError where there are none, or one that is kept in bounds. */
function variablesOf(model: LayersModel): Map<string, Variables[number]> {
  const list = model.trainableWeights;
  if (list.length === 0) {
    throw new ConfigError(
      'The model has no trainable weights: give its first layer an inputShape, and leave some layer trainable.',
    );
  }
  const bound = list.find((v) => v.constraint);
  if (bound)
    throw new ConfigError(`${bound.name} has a constraint, which Hi-ZFO does not keep. Leave it out.`);
  const named = new Map(list.map((v) => [v.originalName, v]));
  return named.size === list.length ? named : new Map(list.map((v) => [v.name, v]));
}

/** Runs `work` with other tensors in place of a model's variables, which come back whatever happens. */
function withWeights<T>(
  variables: ReadonlyMap<string, Variables[number]>,
  weights: Readonly<Record<string, Tensor>>,
  work: () => T,
): T {
  const slots = [...variables].map(([name, v]) => ({
    slot: v as unknown as { val: Tensor },
    name,
    own: v.read(),
  }));
  try {
    for (const { slot, name } of slots) slot.val = weights[name]!;
    return work();
  } finally {
    for (const { slot, own } of slots) slot.val = own;
  }
}

const outputsOf = (model: LayersModel, x: Tensor | Tensor[]) =>
  model.apply(x, { training: false }) as Tensor | Tensor[];

/** The loss that was asked for, or compiled in. TF.js keeps its losses by name to itself; a model compiled with one gives it away. */
function lossOf(model: LayersModel, given: LayersModelOptions['loss']): AnyFunction {
  const loss: unknown = given ?? model.loss;
  if (typeof loss === 'function') return loss as AnyFunction;
  if (typeof loss !== 'string') {
    throw new ConfigError(
      `The model has ${loss ? 'several losses' : 'no loss'}: layersModel(model, { loss }) with a name or a function.`,
    );
  }
  const input = tf.input({ shape: [1], name: 'bare_input' });
  const output = tf.layers.activation({ activation: 'linear', name: 'bare_output' }).apply(input);
  const bare = tf.model({ inputs: input, outputs: output as typeof input, name: 'bare' });
  try {
    bare.compile({ optimizer: 'sgd', loss: loss.replace('CrossEntropy', 'Crossentropy') });
    return bare.lossFunctions[0] as AnyFunction;
  } catch (error) {
    throw new ConfigError(
      `TF.js has no loss '${loss}'. Take meanSquaredError, categoricalCrossentropy, sparseCategoricalCrossentropy, ` +
        'binaryCrossentropy, ... or a function of (y, output).',
      { cause: error },
    );
  } finally {
    bare.dispose();
  }
}

/** 1 where a class is right, else 0: classes as numbers, one-hot, or two by a threshold of a half. */
function accuracy(y: Tensor | Tensor[], output: Tensor | Tensor[]): Tensor {
  if (Array.isArray(y) || Array.isArray(output)) {
    throw new ConfigError('accuracy is of one output; give a function of (y, outputs).');
  }
  const classes = output.shape.at(-1)!;
  if (classes === 1) return tf.equal(output.greater(0.5).flatten(), y.greater(0.5).flatten()).cast('float32');
  const oneHot = y.rank === output.rank && y.shape.at(-1) === classes;
  const right = oneHot ? y.argMax(-1) : y.reshape(output.shape.slice(0, -1)).cast('int32');
  return tf.equal(output.argMax(-1), right).flatten().cast('float32');
}
