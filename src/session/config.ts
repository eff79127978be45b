import type { DataTaskOptions, FileFormat } from '../data/index.ts';
import type { Adapter } from '../model/index.ts';
import type { MethodName, SnapshotOptions, StepOptions } from '../train/index.ts';

/** How a task can be made again: by its name, from its file, or only by whoever made it. */
export type TaskOrigin =
  | { by: 'name'; name: string }
  | { by: 'file'; path: string; format?: FileFormat; test?: number | string }
  | { by: 'data'; options: DataTaskOptions }
  | { by: 'hand' }
  | { by: 'own' }; // batches of one's own, with a model of one's own

/** All that any run is opened with, defaults filled in. */
export interface RunConfig {
  modelName: string;
  method: MethodName;
  /** Where the task came from. */
  task: TaskOrigin;
  seed: number;
  /** Examples a batch; NaN when only whoever makes them knows. */
  batchSize: number;
  /** Step options as given or preset, before defaults. */
  step: StepOptions;
  /** Share of a step's FLOPs for the partition, unless `partition()` is told another. */
  rho: number;
  /** How much is kept for going back. */
  snapshots: SnapshotOptions;
  /** Show progress and live figures. */
  show: boolean;
}

/** All that a session on a language model is opened with. */
export interface SessionConfig extends RunConfig {
  /** Folder the model was read from. */
  modelDir: string;
  maxLength: number;
  /** What is trained beside the model. */
  adapter?: Adapter | undefined;
}
