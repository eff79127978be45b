import type { Tensor } from '@tensorflow/tfjs';
import { safetensorsChunks } from '../../formats/index.ts';
import { assertMergeable, weightsToWrite, type OwnModel, type XY } from '../../model/index.ts';
import { stoppable } from '../../notebook/index.ts';
import { ownEvaluationText, type OwnEvaluation } from '../../plot/index.ts';
import { checkCall } from '../call-options.ts';
import {
  OWN_BASE,
  OWN_WEIGHTS,
  type ModelFiles,
  type ModelFilesOptions,
  type SavedRun,
} from '../checkpoint/index.ts';
import type { RunConfig } from '../config.ts';
import type { SessionParts } from '../core.ts';
import { SessionMeasuring } from '../measuring.ts';
import { Result } from '../result.ts';
import { ownEvaluationView } from '../views.ts';
import type { OwnBase } from './base.ts';
import { evaluateOwn, type OwnEvaluateOptions } from './evaluate.ts';
import type { OwnSource } from './source.ts';

/** What a session on a model of one's own is made of. */
export type OwnParts<B> = SessionParts<OwnModel<B>, OwnSource<B>, RunConfig> & { base: OwnBase };

/**
 * A model of one's own in training, a loss over named tensors or a tf.LayersModel, held still between calls. All that a `Session` can
 * do without text: profile, split, run, edit, measure, go back, save. Made by `open`.
 */
export class OwnSession<B = XY> extends SessionMeasuring<OwnModel<B>, OwnSource<B>> {
  readonly #base: OwnBase;

  constructor(parts: OwnParts<B>) {
    super(parts);
    this.#base = parts.base;
  }

  /** A session that goes on where a saved one was; `open({ resume, model })` reads the folder. */
  static async resumed<B>(
    parts: OwnParts<B>,
    dir: string,
    restored: Awaited<ReturnType<SavedRun['restore']>>,
  ): Promise<OwnSession<B>> {
    const session = new OwnSession(parts);
    await session.goOn(dir, restored);
    return session;
  }

  /** The tensors as they are now, by name. They belong to the session and are replaced by the next step: `clone()` what is to stay. */
  get weights(): Readonly<Record<string, Tensor>> {
    const { list, get } = this.model.parameters;
    return Object.fromEntries(list.map((p) => [p.name, get(p)]));
  }

  /** Mean loss on the held-out batches, and the model's metric where it has one. */
  evaluate(options: OwnEvaluateOptions = {}): Promise<Result<OwnEvaluation>> {
    checkCall('evaluate on a model of your own', options);
    return this.exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.progress(this.source.test.length, 'evaluate', 'batch');
        try {
          const onProgress = (done: number, of: number) => {
            bar?.update(done);
            options.onProgress?.(done, of);
          };
          const found = await evaluateOwn(this.model, this.source, this.steps, {
            ...options,
            signal,
            onProgress,
          });
          this.trainer.note('evaluate', ownEvaluationText(found));
          return new Result(found, ownEvaluationView);
        } finally {
          bar?.done();
        }
      }, options.signal),
    );
  }

  /** Mean loss on the held-out batches. */
  heldOutLoss(): Promise<number> {
    return this.exclusive(
      async () => (await evaluateOwn(this.model, this.source, this.steps, { metric: false })).loss,
    );
  }

  protected modelFiles({ dtype, merge }: ModelFilesOptions): Promise<ModelFiles> {
    const { model } = this;
    if (merge) assertMergeable(undefined);
    const weights = weightsToWrite(model, dtype);
    const base = this.#base.toWrite(model.parameters.list);
    return Promise.resolve({
      files: [{ name: OWN_WEIGHTS, chunks: () => safetensorsChunks(weights) }],
      forState: [{ name: OWN_BASE, chunks: () => safetensorsChunks(base) }],
      exact: weights.every((t) => t.dtype === 'F32'),
    });
  }
}
