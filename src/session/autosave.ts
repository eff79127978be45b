import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { saveRun, type Run } from './checkpoint/index.ts';

/** Where and how often a run saves itself. */
export interface AutosaveOptions {
  /** Steps between two saves; 0 for none. */
  every: number;
  /** Folder, as for `save`. */
  dir: string;
}

/** Saves after every n-th step, so that a run that is killed loses no more than the steps since. */
export class Autosave {
  #options: AutosaveOptions | undefined;

  constructor(private readonly run: Run) {}

  set({ every, dir }: AutosaveOptions): void {
    if (!Number.isSafeInteger(every) || every < 0) {
      throw new ConfigError(`A save every ${inspect(every)} steps? Give a whole number, 0 for none.`);
    }
    if (typeof dir !== 'string' || dir === '')
      throw new ConfigError('autosave needs dir: the folder to save to.');
    this.#options = every > 0 ? { every, dir } : undefined;
  }

  /** Saves if it is time. What goes wrong does not end the run: it is a warning in the history. */
  async afterStep(): Promise<void> {
    const { trainer } = this.run;
    if (!this.#options || trainer.steps % this.#options.every !== 0) return;
    const { dir } = this.#options;
    try {
      await saveRun(this.run, dir);
      trainer.note('save', dir);
    } catch (error) {
      trainer.note('warning', `step ${trainer.steps} is not saved: ${(error as Error).message}`);
    }
  }
}
