import type { DataTaskOptions, FileFormat } from '../data/index.ts';
import type { MethodName, SnapshotOptions, StepOptions } from '../train/index.ts';

/** How a task can be made again: by its name, from its file, or only by whoever made it. */
export type TaskOrigin =
  | { by: 'name'; name: string }
  | { by: 'file'; path: string; format?: FileFormat; test?: number | string }
  | { by: 'data'; options: DataTaskOptions }
  | { by: 'hand' };

/** All that a session is opened with, defaults filled in. */
export interface SessionConfig {
  modelName: string;
  /** Folder the model was read from. */
  modelDir: string;
  method: MethodName;
  /** Where the task came from. */
  task: TaskOrigin;
  seed: number;
  batchSize: number;
  maxLength: number;
  /** Step options as given or preset, before defaults. */
  step: StepOptions;
  /** Share of a step's FLOPs for the partition, unless `partition()` is told another. */
  rho: number;
  /** How much is kept for going back. */
  snapshots: SnapshotOptions;
  /** Show progress and live figures. */
  show: boolean;
}
