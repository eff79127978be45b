import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** The tokens of the one batch: rows of `length` + 1, so that every position has its next token. */
export interface BenchBatch {
  ids: number[];
  batch: number;
  length: number;
}

/** What is timed; `hi-zfo` takes the names of its first-order tensors. */
export interface Request {
  item: 'forward' | 'gradients' | 'adamw' | 'mezo' | 'hi-zfo' | 'noise';
  fo?: string[];
}

/** One side of the comparison, a process of its own that times an item when it is asked to: see bench/peer/train.py. */
export class Contender {
  /** Its engine in words. */
  what = '';
  /** Loss of the batch as loaded: all sides must agree on it. */
  loss = NaN;
  private readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  private constructor(command: readonly string[], env: NodeJS.ProcessEnv) {
    const [program, ...args] = command as [string, ...string[]];
    this.process = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.reader = createInterface({ input: this.process.stdout! });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  static async start(
    command: readonly string[],
    batch: BenchBatch,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Contender> {
    const contender = new Contender(command, env);
    const { what, loss } = await contender.ask<{ what: string; loss: number }>(batch);
    return Object.assign(contender, { what, loss });
  }

  /** Milliseconds of one run. */
  async time(request: Request): Promise<number> {
    return (await this.ask<{ ms: number }>(request)).ms;
  }

  /** Most memory it has held at once so far, in bytes. */
  async peak(): Promise<number> {
    return (await this.ask<{ bytes: number }>({ memory: true })).bytes;
  }

  /** First-order tensors within a budget of `rho`; of our side only. */
  async partition(rho: number): Promise<string[]> {
    return (await this.ask<{ fo: string[] }>({ partition: rho })).fo;
  }

  async stop(): Promise<void> {
    const gone = this.process.exitCode === null ? once(this.process, 'exit') : undefined;
    this.process.stdin!.end();
    await gone;
  }

  private async ask<T>(question: unknown): Promise<T> {
    this.process.stdin!.write(JSON.stringify(question) + '\n');
    const line: IteratorResult<string, unknown> = await this.lines.next();
    if (line.done) throw new Error(`${this.process.spawnargs.join(' ')} ended without an answer.`);
    return JSON.parse(line.value) as T;
  }
}
