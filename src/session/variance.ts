import { inspect } from 'node:util';
import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import { selectParameters, type Selector } from '../partition/index.ts';
import type { AnyTrainer } from '../train/index.ts';
import {
  continueVariance,
  measureVariance,
  objectiveOf,
  type VarianceOptions,
  type VarianceReport,
} from '../variance/index.ts';
import { checkQueries } from '../variance/measure.ts';
import { Result } from './result.ts';

/** Options of `variance` beyond those of the measurement. */
export interface SessionVarianceOptions extends VarianceOptions {
  /** Training step whose batch is used; defaults to the next one. */
  batch?: number;
  /** Tensors to draw along; defaults to the ZO tensors in force. */
  along?: Selector;
  /** Goes on with an earlier report (from a file or not) up to `draws` in all; its other options stay. */
  from?: VarianceReport;
}

/** Measures the variance of the ZO estimate at a trainer's weights, with its estimator, law and seed unless told others. */
export async function trainerVariance(
  trainer: AnyTrainer,
  { batch: at, along, from, ...options }: SessionVarianceOptions,
): Promise<VarianceReport> {
  if (options.queries) checkQueries(options.queries); // before labels are made
  if (from !== undefined && !Array.isArray((Object(from) as Partial<VarianceReport>).coefficients)) {
    const given = from instanceof Result ? 'a Result' : inspect(from, { depth: -1 });
    throw new ConfigError(
      `from is ${given}; give the data of an earlier report: variance({ from: found.data }).`,
    );
  }
  const { model } = trainer;
  const labels = await trainer.ensureLabels();
  const moved = along ? selectParameters(model.parameters.list, along) : labels.with('ZO');
  const { estimator, epsilon, law, rank, recompute } = trainer.settings;
  return inTurn(model.engine, async () => {
    const batch = await model.prepare(trainer.batchAt(at ?? trainer.steps));
    try {
      const objective = objectiveOf(model, batch, moved, { recompute });
      if (from) return await continueVariance(objective, from, options);
      return await measureVariance(objective, {
        estimator,
        epsilon,
        law,
        rank,
        seed: trainer.options.seed,
        ...options,
      });
    } finally {
      batch.dispose();
    }
  });
}
