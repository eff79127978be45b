import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { inspect } from 'node:util';
import { ConfigError, didYouMean } from '../errors.ts';
import {
  dataTask,
  fileTask,
  published,
  tasks,
  type DataTaskOptions,
  type FileFormat,
  type Task,
} from '../data/index.ts';
import type { TaskOrigin } from './config.ts';

/** Options of a task that is read from files. */
export interface FileOptions {
  data?: DataTaskOptions['data'] | undefined;
  format?: FileFormat | undefined;
  test?: number | string | undefined;
}

/** The task that `open` was asked for, and how it can be made again. */
export async function taskOf(
  task: string | DataTaskOptions | Task,
  file: FileOptions,
  seed: number,
): Promise<{ task: Task; origin: TaskOrigin }> {
  if (typeof task !== 'string' && (typeof task !== 'object' || task === null)) {
    throw new ConfigError(
      `task is ${String(task)}; give a name, the path of a data file, or { data, prompt, completion }.`,
    );
  }
  if (isTask(task)) return { task, origin: { by: 'hand' } };
  const origin = await originOf(task, file, seed);
  // a score of one's own cannot be written down
  const byHand = typeof task !== 'string' && typeof task.metric === 'function';
  if (byHand) return { task: await dataTask({ seed, ...task }), origin: { by: 'hand' } };
  return { task: await remade(origin, seed), origin };
}

/** A task made from where it came from; throws ConfigError for one that was made by hand. */
export async function remade(origin: TaskOrigin, seed: number): Promise<Task> {
  if (origin.by === 'name') {
    const make = Object.hasOwn(tasks, origin.name) ? tasks[origin.name] : undefined;
    if (make) return make({ seed });
    throw new ConfigError(
      `There is no task ${origin.name} in this version. Give it again: open({ resume, task }).`,
    );
  }
  if (origin.by === 'file') return fileTask(origin.path, origin);
  if (origin.by === 'data') return dataTask(origin.options);
  throw new ConfigError(
    'The run was trained on a task that was given as an object. Give it again: open({ resume, task }).',
  );
}

function isTask(task: string | DataTaskOptions | Task): task is Task {
  return typeof task !== 'string' && 'score' in task;
}

async function originOf(
  task: string | DataTaskOptions,
  { data, format, test }: FileOptions,
  seed: number,
): Promise<TaskOrigin> {
  if (typeof task !== 'string') return fromData({ seed, ...task });
  if (Object.hasOwn(tasks, task)) return { by: 'name', name: task };
  if (Object.hasOwn(published, task) || data !== undefined) {
    return fromData({ name: task, seed, ...(data !== undefined && { data }) });
  }
  if (!/[./\\]/.test(task)) {
    const known = [...Object.keys(tasks), ...Object.keys(published)];
    throw new ConfigError(
      `There is no task ${task}.${didYouMean(task, known)} Take ${known.join(', ')}, or the path of a data file.`,
    );
  }
  const path = resolve(task);
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
  if (isFolder) return fromData({ data: path, name: basename(path), seed });
  return {
    by: 'file',
    path,
    ...(format && { format }),
    ...(test !== undefined && { test: typeof test === 'string' ? resolve(test) : test }),
  };
}

/** Its paths hold from any folder. */
function fromData({ data, ...options }: DataTaskOptions): TaskOrigin {
  if (data === undefined) return { by: 'data', options };
  const files = typeof data === 'string' ? resolve(data) : absolute(data);
  return { by: 'data', options: { ...options, data: files } };
}

function absolute(data: Exclude<DataTaskOptions['data'], string | undefined>) {
  const { train, validation, test, ...others } = Object(data) as typeof data;
  if (![train, validation ?? '', test ?? ''].every((path) => typeof path === 'string')) {
    throw new ConfigError(`data is ${inspect(data)}; give a file, a folder, or { train, validation, test }.`);
  }
  return {
    ...others, // refused by the task
    train: resolve(train),
    ...(validation !== undefined && { validation: resolve(validation) }),
    ...(test !== undefined && { test: resolve(test) }),
  };
}
