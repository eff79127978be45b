import { resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import { fileTask, tasks, type Task } from '../data/index.ts';
import type { TaskOrigin } from './config.ts';

/** Options of a task that is read from a file. */
export interface FileOptions {
  format?: 'gsm8k' | 'prompt-completion' | undefined;
  test?: number | string | undefined;
}

/** The task that `open` was asked for, and how it can be made again. */
export async function taskOf(
  task: string | Task,
  file: FileOptions,
  seed: number,
): Promise<{ task: Task; origin: TaskOrigin }> {
  const origin = originOf(task, file);
  return { task: typeof task === 'string' ? await remade(origin, seed) : task, origin };
}

/** A task made from where it came from; throws ConfigError for one that was made by hand. */
export async function remade(origin: TaskOrigin, seed: number): Promise<Task> {
  if (origin.by === 'name') return tasks[origin.name]!({ seed });
  if (origin.by === 'file') return fileTask(origin.path, origin);
  throw new ConfigError(
    'The run was trained on a task that was given as an object. Give it again: open({ resume, task }).',
  );
}

function originOf(task: string | Task, { format, test }: FileOptions): TaskOrigin {
  if (typeof task !== 'string') return { by: 'hand' };
  if (Object.hasOwn(tasks, task)) return { by: 'name', name: task };
  if (!/[./\\]/.test(task)) {
    throw new ConfigError(
      `There is no task ${task}. Take ${Object.keys(tasks).join(', ')}, or the path of a .jsonl file.`,
    );
  }
  return {
    by: 'file',
    path: resolve(task),
    ...(format && { format }),
    ...(test !== undefined && { test: typeof test === 'string' ? resolve(test) : test }),
  };
}
