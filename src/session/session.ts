import { ConfigError } from '../errors.ts';
import { describeBatch, type Task, type Tokenizer } from '../data/index.ts';
import { adapterWords, type Decoder } from '../model/index.ts';
import { stoppable } from '../notebook/index.ts';
import type { BatchReport } from '../plot/index.ts';
import type { Evaluation } from '../train/index.ts';
import type { BatchSource } from './batches.ts';
import { checkCall } from './call-options.ts';
import { decoderFiles, type ModelFiles, type ModelFilesOptions, type SavedRun } from './checkpoint/index.ts';
import type { SessionConfig } from './config.ts';
import type { SessionParts } from './core.ts';
import { evaluateLoss, evaluateTask, heldOut, type EvaluateOptions } from './evaluate.ts';
import { continueTexts, type Prompt, type TextOptions } from './generate.ts';
import { SessionMeasuring } from './measuring.ts';
import { Result } from './result.ts';
import { batchView, evaluationView } from './views.ts';

/**
 * A language model in training, held still between calls so that it can be looked at and changed. Calls run one after another;
 * while a background run (`start`) is going they are done between two of its steps. Edits take effect between steps.
 * Made by `open`.
 */
export class Session extends SessionMeasuring<Decoder, BatchSource, SessionConfig> {
  /** A session that goes on where a saved one was; `open({ resume })` reads the folder. */
  static async resumed(
    parts: SessionParts<Decoder, BatchSource, SessionConfig>,
    dir: string,
    restored: Awaited<ReturnType<SavedRun['restore']>>,
  ): Promise<Session> {
    const session = new Session(parts);
    await session.goOn(dir, restored);
    return session;
  }

  /** Method, model, adapter, task and seed in one line. */
  override get title(): string {
    const { adapter } = this.config;
    return adapter ? `${super.title}, ${adapterWords(adapter)}` : super.title;
  }

  get task(): Task {
    return this.source.task;
  }

  get tokenizer(): Tokenizer {
    return this.source.tokenizer;
  }

  /** Generates completions for held-out examples and scores them. */
  evaluate(options: EvaluateOptions = {}): Promise<Result<Evaluation>> {
    checkCall('evaluate', options);
    return this.exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.progress(heldOut(this.source, options).length, 'evaluate', 'example');
        const onProgress = (done: number, of: number) => {
          bar?.update(done);
          options.onProgress?.(done, of);
        };
        try {
          const all = { ...options, signal, onProgress };
          const found = await evaluateTask(this.model, this.source, this.steps, all);
          const { values, primary } = found.scores;
          const text = `${primary} ${values[primary]!.toFixed(3)}, loss ${found.loss.toFixed(3)}`;
          this.trainer.note('evaluate', text);
          this.emit('evaluation', found);
          return new Result(found, evaluationView);
        } finally {
          bar?.done();
        }
      }, options.signal),
    );
  }

  /** Mean loss over the first `examples` held-out examples (default 64). */
  heldOutLoss(examples = 64): Promise<number> {
    return this.exclusive(() => evaluateLoss(this.model, this.source, heldOut(this.source, { examples })));
  }

  /**
   * Continues prompts, greedily or as `options` say (temperature, beams, ...). A prompt may be a conversation, which the model's
   * chat template writes.
   */
  generate(prompts: Prompt | readonly Prompt[], options: TextOptions = {}): Promise<string[]> {
    checkCall('generate', options);
    return this.exclusive(() =>
      stoppable(
        (signal) => continueTexts(this.model, this.source, prompts, { ...options, signal }),
        options.signal,
      ),
    );
  }

  /** The training examples of a step (the next one by default), with the tokens marked that the loss is taken on. */
  batch(step = this.steps): Result<BatchReport> {
    this.assertOpen();
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new ConfigError(`batch(${step}): give a step, a whole number from 0 on.`);
    }
    const rows = describeBatch(this.source.at(step), this.tokenizer);
    return new Result({ step, task: this.task.name, rows }, batchView);
  }

  protected modelFiles(options: ModelFilesOptions): Promise<ModelFiles> {
    return decoderFiles(this.model, this.config.modelDir, options);
  }
}
