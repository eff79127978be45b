import { progress, stoppable } from '../notebook/index.ts';
import type { Trainable } from '../model/index.ts';
import type { PanelHost } from '../panel/host.ts';
import { panelOf, type Panel } from '../panel/panel.ts';
import type { Partition, PartitionOptions } from '../partition/index.ts';
import type { Profile } from '../profile/index.ts';
import type { TrainerProfileOptions } from '../train/index.ts';
import type {
  AxisName,
  DescentReport,
  LossLine,
  LossPlane,
  SweepReport,
  VarianceReport,
} from '../variance/index.ts';
import { checkValues } from '../variance/sweep.ts';
import { checkCall } from './call-options.ts';
import type { RunConfig } from './config.ts';
import {
  trainerDescent,
  trainerLines,
  trainerPlane,
  trainerSharpness,
  trainerSweep,
  type LandscapeOptions,
  type SessionDescentOptions,
  type SessionSharpnessOptions,
  type SessionSweepOptions,
  type SharpnessFindings,
} from './laboratory.ts';
import { Result } from './result.ts';
import type { RunSource } from './source.ts';
import { SessionTraining } from './training.ts';
import { trainerVariance, type SessionVarianceOptions } from './variance.ts';
import {
  descentView,
  linesView,
  partitionView,
  planeView,
  profileView,
  routesView,
  sharpnessView,
  sweepView,
  varianceView,
} from './views.ts';

/** Measuring a session's model, whatever it is: nothing here changes a weight. */
export abstract class SessionMeasuring<
  Model extends Trainable = Trainable,
  Source extends RunSource = RunSource,
  Config extends RunConfig = RunConfig,
>
  extends SessionTraining<Model, Source, Config>
  implements PanelHost
{
  /**
   * Importance and cost of every tensor, averaged over `batches` training batches (default 1). Changes nothing. With `rho`, importance
   * only of the tensors that a budget of it can buy: less time and memory, and the same partition at that rho and any smaller one.
   */
  profile(options: TrainerProfileOptions = {}): Promise<Result<Profile>> {
    checkCall('profile', options);
    return this.exclusive(async () => {
      const bar = this.progress(options.batches ?? 1, 'profile', 'batch');
      try {
        const onBatch = (done: number, of: number, loss: number) => {
          bar?.update(done, { loss });
          options.onBatch?.(done, of, loss);
        };
        return new Result(await this.trainer.profile({ ...options, onBatch }), profileView);
      } finally {
        bar?.done();
      }
    });
  }

  /** Chooses the FO tensors within the budget of `rho`; profiles first if that was not done. */
  partition(options: PartitionOptions = {}): Promise<Result<Partition>> {
    return this.exclusive(async () => new Result(await this.trainer.partition(options), partitionView));
  }

  /** Draws ZO estimates at the present weights on one training batch and holds them against theory. */
  variance(options: SessionVarianceOptions = {}): Promise<Result<VarianceReport>> {
    checkCall('variance', options);
    return this.exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.progress(options.draws ?? 64, 'variance', 'draw');
        const onDraw = (done: number, of: number) => {
          bar?.update(done);
          options.onDraw?.(done, of);
        };
        try {
          const all = { ...options, ...(signal && { signal }), onDraw };
          return new Result(await trainerVariance(this.trainer, all), varianceView);
        } finally {
          bar?.done();
        }
      }, options.signal),
    );
  }

  /** The variance at each value of an axis: epsilon, rank, law, estimator, batch, length, output or vocabulary; else as `variance`. */
  sweep(
    axis: AxisName,
    values: readonly (number | string)[],
    options: SessionSweepOptions = {},
  ): Promise<Result<SweepReport>> {
    checkCall('sweep', options);
    checkValues(axis, values);
    return this.#measured(values.length, axis, options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(
        await trainerSweep(this.trainer, axis, values, { ...options, ...signal, onPoint }),
        options.routes ? routesView : sweepView,
      );
    });
  }

  /** The loss along a random direction and along the gradient, with the smoothed loss of `epsilon` when that is given. */
  landscape(options: LandscapeOptions = {}): Promise<Result<LossLine[]>> {
    checkCall('landscape', options);
    const points = 2 * (options.points ?? 21);
    return this.#measured(points, 'landscape', options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(await trainerLines(this.trainer, { ...options, ...signal, onPoint }), linesView);
    });
  }

  /** The loss on the plane of a random direction and the gradient. */
  plane(options: LandscapeOptions = {}): Promise<Result<LossPlane>> {
    checkCall('plane', options);
    const points = (options.points ?? 15) ** 2;
    return this.#measured(points, 'plane', options.signal, options.onPoint, async (signal, onPoint) => {
      return new Result(await trainerPlane(this.trainer, { ...options, ...signal, onPoint }), planeView);
    });
  }

  /** Trace, largest eigenvalue and effective rank of the Hessian, and how much the loss rises nearby. */
  sharpness(options: SessionSharpnessOptions = {}): Promise<Result<SharpnessFindings>> {
    checkCall('sharpness', options);
    const products = (options.probes ?? 16) + (options.steps ?? 12);
    return this.#measured(
      products,
      'sharpness',
      options.signal,
      options.onProduct,
      async (signal, onProduct) => {
        const found = await trainerSharpness(this.trainer, { ...options, ...signal, onProduct });
        return new Result(found, sharpnessView);
      },
    );
  }

  /** The loss after one step against its rate, by the true gradient and by ZO estimates, beside the laws. Changes nothing. */
  descent(options: SessionDescentOptions = {}): Promise<Result<DescentReport>> {
    checkCall('descent', options);
    const draws = options.draws ?? 32;
    return this.#measured(draws, 'descent', options.signal, options.onDraw, async (signal, onDraw) => {
      return new Result(await trainerDescent(this.trainer, { ...options, ...signal, onDraw }), descentView);
    });
  }

  /** The live panel of this session, to be left as a cell's last expression or shown with `.show()`. Always the same one. */
  panel(): Panel {
    return panelOf(this);
  }
  /** Runs a measurement with a progress bar that also tells the caller's own listener. */
  #measured<T>(
    total: number,
    label: string,
    outer: AbortSignal | undefined,
    listener: ((done: number, of: number) => void) | undefined,
    work: (signal: { signal?: AbortSignal }, onDone: (done: number, of: number) => void) => Promise<T>,
  ): Promise<T> {
    return this.exclusive(() =>
      stoppable(async (signal) => {
        const bar = this.progress(total, label, 'point');
        try {
          return await work(signal ? { signal } : {}, (done, of) => {
            bar?.update(done);
            listener?.(done, of);
          });
        } finally {
          bar?.done();
        }
      }, outer),
    );
  }

  protected progress(total: number, label: string, unit: string) {
    return this.config.show ? progress({ total, label, unit }) : undefined;
  }
}
