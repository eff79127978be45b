import type { Task } from '../task.ts';
import { dialogueSummary } from './dialogue-summary.ts';
import { functionTask } from './function.ts';
import { label } from './label.ts';
import type { TaskOptions } from './procedural.ts';
import { wordProblem } from './word-problem.ts';

/** The tasks over the procedural world, by name. */
export const tasks: Record<string, (options?: TaskOptions) => Task> = {
  'dialogue-summary': dialogueSummary,
  'word-problem': wordProblem,
  label,
  function: functionTask,
};

export { dataTask, type DataTaskOptions } from './data-task.ts';
export { fileFormats, published, type FileFormat, type PublishedName } from './definitions.ts';
export { fileTask, type FileTaskOptions } from './file.ts';
export { metrics, type Metric, type MetricName } from './metrics.ts';
export { type SplitCounts } from './split.ts';
export type { TaskOptions } from './procedural.ts';
