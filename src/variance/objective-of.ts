import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../engine/tf.ts';
import type { DeviceBatch } from '../model/batch.ts';
import { Decoder } from '../model/decoder.ts';
import type { Parameter, Weights } from '../model/parameters.ts';
import type { PassOptions, Prepared, Trainable } from '../model/trainable.ts';
import { along, modelObjective, type Objective } from './objective.ts';

/** The loss of any model on one batch, moved along some of its tensors. A decoder's is the faster `modelObjective`. */
export function objectiveOf(
  model: Trainable,
  batch: Prepared,
  parameters: readonly Parameter[],
  options: PassOptions = {},
): Objective {
  if (model instanceof Decoder) return modelObjective(model, batch as DeviceBatch, parameters, options);
  const { engine, parameters: store } = model;
  const set = new Set(parameters);
  const lossAt: Objective['lossAt'] = async (move) => {
    const weights: Weights = (p) => (move && set.has(p) ? move(p, store.get(p)) : store.get(p));
    return (await model.lossAndGradients(weights, batch, [])).loss;
  };
  return {
    engine,
    parameters,
    lossAt,
    loss: (u, scale) => lossAt(along(engine, u, scale)),
    async gradient(move) {
      if (!move) return model.lossAndGradients(store.get, batch, parameters, options);
      // the tape needs the very tensors that it differentiates by
      const at = new Map<Parameter, Tensor>();
      try {
        for (const p of parameters) at.set(p, move(p, store.get(p)));
        return await model.lossAndGradients((p) => at.get(p) ?? store.get(p), batch, parameters, options);
      } finally {
        tf.dispose([...at.values()]);
      }
    },
    weight: (p) => store.get(p),
  };
}
