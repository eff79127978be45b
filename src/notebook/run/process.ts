import { spawn, type ChildProcess } from 'node:child_process';

/** Characters of the kernel's own output that are kept for an error report. */
const TAIL = 8000;
const POLITE_MS = 2000;

/** A kernel's process, with all processes that it starts. */
export class KernelProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<string>;
  #tail = '';
  #running = true;

  constructor(argv: readonly string[], cwd: string) {
    const [program, ...args] = argv;
    if (program === undefined)
      throw new Error('the kernel command is empty: give kernelArgv as [program, ...arguments]');
    this.child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, JPY_PARENT_PID: String(process.pid) },
      // A process group of its own: Ctrl-C here does not reach it, and no child of a cell stays behind.
      detached: process.platform !== 'win32',
    });
    const keep = (text: Buffer) => (this.#tail = (this.#tail + text.toString()).slice(-TAIL));
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.exited = new Promise((resolve) => {
      const ended = (how: string) => {
        this.#running = false;
        resolve(how);
      };
      this.child.once('error', (error) => ended(error.message));
      this.child.once('exit', (code, signal) => ended(signal ?? `exit code ${code ?? 'unknown'}`));
    });
  }

  /** What the kernel printed itself, outside of cells. */
  get log(): string {
    return this.#tail.trim();
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal to the kernel only. */
  signal(name: NodeJS.Signals): void {
    if (this.#running) this.child.kill(name);
  }

  /** Waits for the kernel to end by itself, then makes it; afterwards its whole process group is gone. */
  async stop(polite = POLITE_MS): Promise<void> {
    if (!(await this.#endsWithin(polite))) {
      this.signal('SIGTERM');
      if (!(await this.#endsWithin(polite))) this.signal('SIGKILL');
      await this.exited;
    }
    const { pid } = this.child;
    if (pid === undefined || process.platform === 'win32') return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // ESRCH: nobody of the group is left, as it should be.
    }
  }

  async #endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.exited, late]);
    clearTimeout(timer);
    return !this.#running;
  }
}
