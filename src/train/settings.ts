import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import {
  estimatorNames,
  estimatorSettings,
  type EstimatorOptions,
  type EstimatorSettings,
} from '../estimate/index.ts';
import { checkOptions, type Names } from '../options.ts';
import { adamwSettings, rateAt, type AdamWOptions, type Schedule } from '../optimize/index.ts';

/** Settings of a training step. Defaults are the paper's; each departure from Algorithm 1 is an option by name. */
export interface StepOptions extends EstimatorOptions {
  /** Learning rate of FO tensors (AdamW); defaults to 2e-5. */
  rateFO?: number;
  /** Learning rate of ZO tensors; defaults to 2e-6. */
  rateZO?: number;
  /** Weight of the perturbed loss in the FO gradient; defaults to 0.1. 0 turns the perturbed backward pass off. */
  alpha?: number;
  /**
   * What moves ZO tensors: `sgd` is equation (3) (default); `adamw` feeds the estimate to AdamW; `noise` is the control
   * that keeps the size of the estimate but replaces its sign by a coin that has not seen the loss; `off` leaves them.
   */
  updateZO?: 'sgd' | 'adamw' | 'noise' | 'off';
  /** Largest |c| that is applied; larger ones are cut to it. Defaults to none. */
  clipCoefficient?: number;
  /** Largest norm of the whole FO gradient; larger ones are scaled down. Defaults to none. */
  clipNorm?: number;
  /** AdamW's own settings. Weight decay defaults to 0. */
  adamw?: AdamWOptions;
  /**
   * Activation recomputation: backward passes keep the states between layers alone and run each layer again for its gradient. Less
   * memory for more time, and the same numbers. Defaults to false.
   */
  recompute?: boolean;
  /**
   * Rows of a batch that run at a time (micro-batches, gradient accumulation). Less memory, the same step but for the rounding of
   * sums; a direction is one for all pieces. Defaults to all rows, Infinity. Measurements between steps take a batch whole. Who calls
   * `hiZfoStep` cuts the batch with `inPieces`.
   */
  microBatch?: number;
  /** Factor on both rates over time; defaults to `constant`. */
  schedule?: Schedule;
}

/** Step options with every default filled in. */
export interface StepSettings extends EstimatorSettings {
  rateFO: number;
  rateZO: number;
  alpha: number;
  updateZO: 'sgd' | 'adamw' | 'noise' | 'off';
  clipCoefficient: number;
  clipNorm: number;
  adamw: Required<AdamWOptions>;
  recompute: boolean;
  microBatch: number;
  schedule: Schedule;
}

/** Names of all step options. */
export const settingNames = {
  ...estimatorNames,
  ...{ rateFO: true, rateZO: true, alpha: true, updateZO: true, clipCoefficient: true, clipNorm: true },
  ...{ adamw: true, recompute: true, microBatch: true, schedule: true },
} satisfies Names<StepOptions>;

/** Fills in defaults and checks names and ranges; throws ConfigError naming the setting. */
export function stepSettings(options: StepOptions = {}): StepSettings {
  checkOptions('A step', options, settingNames);
  const s: StepSettings = {
    ...estimatorSettings(options),
    rateFO: options.rateFO ?? 2e-5,
    rateZO: options.rateZO ?? 2e-6,
    alpha: options.alpha ?? 0.1,
    updateZO: options.updateZO ?? 'sgd',
    clipCoefficient: options.clipCoefficient ?? Infinity,
    clipNorm: options.clipNorm ?? Infinity,
    adamw: adamwSettings(options.adamw),
    recompute: options.recompute ?? false,
    microBatch: options.microBatch ?? Infinity,
    schedule: options.schedule ?? 'constant',
  };
  rateAt(s.schedule, 0);
  for (const name of ['rateFO', 'rateZO', 'alpha'] as const) {
    if (!(s[name] >= 0 && Number.isFinite(s[name]))) {
      throw new ConfigError(`${name} is ${inspect(s[name])}; it must be a number of at least 0.`);
    }
  }
  for (const name of ['clipCoefficient', 'clipNorm'] as const) {
    if (!(typeof s[name] === 'number' && s[name] > 0))
      throw new ConfigError(
        `${name} is ${inspect(s[name])}; it must be a positive number (leave it out for none).`,
      );
  }
  if (!['sgd', 'adamw', 'noise', 'off'].includes(s.updateZO)) {
    throw new ConfigError(
      `updateZO is ${JSON.stringify(s.updateZO)}; take 'sgd', 'adamw', 'noise' or 'off'.`,
    );
  }
  if (typeof s.recompute !== 'boolean') {
    throw new ConfigError(`recompute is ${JSON.stringify(s.recompute)}; it must be true or false.`);
  }
  if (!(s.microBatch === Infinity || (Number.isSafeInteger(s.microBatch) && s.microBatch > 0))) {
    throw new ConfigError(
      `microBatch is ${s.microBatch}; it must be a whole number of rows from 1 on (leave it out for the whole batch at once).`,
    );
  }
  return s;
}
