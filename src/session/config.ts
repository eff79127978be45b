import type { MethodName, StepOptions } from '../train/index.ts';

/** All that a session is opened with, defaults filled in. */
export interface SessionConfig {
  modelName: string;
  /** Folder the model was read from. */
  modelDir: string;
  method: MethodName;
  seed: number;
  batchSize: number;
  maxLength: number;
  /** Step options as given or preset, before defaults. */
  step: StepOptions;
  /** Share of a step's FLOPs for the partition, unless `partition()` is told another. */
  rho: number;
  /** Show progress and live figures. */
  show: boolean;
}
