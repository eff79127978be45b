import { inTurn } from '../../engine/index.ts';
import { ConfigError } from '../../errors.ts';
import type { OwnModel } from '../../model/index.ts';
import type { OwnEvaluation } from '../../plot/index.ts';
import type { OwnSource } from './source.ts';

/** Options of `evaluate` on a model of one's own. */
export interface OwnEvaluateOptions {
  /** Also the model's metric, where it has one; defaults to true. */
  metric?: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, of: number) => void;
}

/** Mean loss, and the model's metric, over all held-out examples at its weights. */
export async function evaluateOwn<B>(
  model: OwnModel<B>,
  { test }: OwnSource<B>,
  step: number,
  { metric = true, signal, onProgress }: OwnEvaluateOptions = {},
): Promise<OwnEvaluation> {
  if (test.length === 0) {
    throw new ConfigError(
      'There are no held-out examples. Give open() test: a list of batches, or data of the same form.',
    );
  }
  const { definition, parameters } = model;
  const scored = metric && definition.metric !== undefined;
  let [loss, weight, examples, sum, count] = [0, 0, 0, 0, 0];
  for (const [i, maker] of test.entries()) {
    signal?.throwIfAborted();
    await inTurn(model.engine, async () => {
      const batch = await model.prepare(maker);
      try {
        const rows = batch.rows ?? NaN;
        const share = rows || 1; // batches of unknown size count alike
        loss += share * (await model.lossAndGradients(parameters.get, batch, [])).loss;
        weight += share;
        examples += rows;
        if (!scored) return;
        const found = await model.metric(batch);
        sum += found.sum;
        count += found.count;
      } finally {
        batch.dispose();
      }
    });
    onProgress?.(i + 1, test.length);
  }
  const score = scored ? { metric: { name: definition.metricName, value: sum / count } } : {};
  return { step, loss: loss / weight, batches: test.length, examples, ...score };
}
