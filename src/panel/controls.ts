import { ConfigError } from '../errors.ts';
import { selectParameters } from '../partition/index.ts';
import { stepSettings } from '../train/index.ts';
import { packedPlotly } from './assets.ts';
import type { PanelHost } from './host.ts';
import type { BudgetAnswer, PanelCommand } from './protocol.ts';
import { budgetAnswer } from './state.ts';

/** What an answer carries beside `ok`. */
export interface Answer {
  budget?: BudgetAnswer;
  plotly?: 'gzip';
  buffers?: Uint8Array[];
}

/** Carries out the commands of a panel on its host. */
export class Controls {
  readonly #host: PanelHost;

  constructor(host: PanelHost) {
    this.#host = host;
  }

  /**
   * Carries out a command that was checked. The host is called before this returns, so that commands keep their order.
   *
   * @throws HiZfoError (as a rejection) when it cannot be done now; nothing has changed then
   */
  async carryOut(command: PanelCommand): Promise<Answer> {
    if (command.do === 'preview') return { budget: this.#preview(command.rho) };
    if (command.do === 'plotly') return { plotly: 'gzip', buffers: [await packedPlotly()] };
    await this.#control(command);
    return {};
  }

  #control(command: PanelCommand): Promise<void> | void {
    const host = this.#host;
    switch (command.do) {
      case 'run':
        return this.#run(command.steps);
      case 'pause':
        return host.pause();
      case 'stop':
        return host.stop();
      case 'step':
        return host.stepOnce();
      case 'rewind':
        return this.#rewind(command.step);
      case 'profile':
        return host.profileNow();
      case 'partition':
        return host.repartition({ rho: command.rho });
      case 'label': {
        const names = [...new Set(command.tensors)].map((i) => host.parameters[i]!.name);
        return host.relabel(names, command.label);
      }
      case 'label-glob':
        selectParameters(host.parameters, command.glob); // throws here and now when nothing matches
        return host.relabel(command.glob, command.label);
      case 'set':
        stepSettings({ ...host.settings, ...command.settings });
        return host.change(command.settings);
      case 'probe':
        return host.setProbes({ every: command.every, draws: command.draws });
    }
  }

  /** Resolves when the run goes on. One that fails later says so in the history. */
  async #run(steps: number | null): Promise<void> {
    const host = this.#host;
    if (host.runState === 'paused') return host.resume();
    if (host.runState === 'running') throw new ConfigError('A run is going on. Pause or stop it first.');
    let begun: () => void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const look = () => host.runState !== 'idle' && begun();
    host.on('state', look);
    try {
      const ended = host.start(steps ?? undefined);
      look();
      await Promise.race([ended, running]);
    } finally {
      host.off('state', look);
    }
  }

  #rewind(step: number): Promise<void> {
    const range = this.#host.rewindable;
    if (!range) throw new ConfigError('There is no step to go back to yet.');
    if (step < range.from || step > range.to) {
      throw new ConfigError(`Cannot go back to step ${step}: take one from ${range.from} to ${range.to}.`);
    }
    return this.#host.rewind(step);
  }

  /** What a budget would give. Changes nothing, and does not wait for the present step. */
  #preview(rho: number): BudgetAnswer {
    const start = performance.now();
    const next = this.#host.preview({ rho });
    const ms = performance.now() - start;
    const answer = next && budgetAnswer(next, this.#host.labels, ms);
    if (!answer) throw new ConfigError('There is no profile yet, so no budget can be tried. Profile first.');
    return answer;
  }
}
