import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { HiZfoError } from '../../errors.ts';
import { pythonRunner } from './python-runner.ts';

export interface PythonOptions {
  /** The interpreter; default HI_ZFO_PYTHON of the environment, or `python3`. */
  python?: string;
  /** Seconds of processor time for a program; default 3, as HumanEval's own. */
  seconds?: number;
  /** Seconds by the clock; default 20, since a busy machine is slow. */
  patience?: number;
  /** Mebibytes of memory; default 512. */
  memory?: number;
  /** Programs that run at once; default the number of processors, at most 8. */
  parallel?: number;
  signal?: AbortSignal | undefined;
}

const defaultPython = (): string => process.env.HI_ZFO_PYTHON || 'python3';

function missing(python: string, why: string): HiZfoError {
  return new HiZfoError(
    `Programs in Python are run by ${python}, which cannot be started (${why}). ` +
      'Install Python 3.8 or newer, or name one in the environment variable HI_ZFO_PYTHON.',
  );
}

/** Throws HiZfoError, saying what to install, unless Python can be started. */
export async function assertPython(python = defaultPython()): Promise<void> {
  const ran = await runPythonPrograms(['pass'], { python, patience: 60 });
  if (!ran[0]) throw missing(python, 'an empty program did not run');
}

/** Runs one program in a process of its own; true when it came to its end without an error. */
function runProgram(program: string, cwd: string, options: Required<Omit<PythonOptions, 'signal'>>) {
  const { python, seconds, patience, memory } = options;
  const token = randomUUID();
  const { PATH, SystemRoot } = process.env;
  return new Promise<boolean>((resolve, reject) => {
    const child = spawn(python, ['-I', '-S', '-B', '-X', 'utf8', '-c', pythonRunner], {
      env: { PATH, ...(SystemRoot && { SystemRoot }) }, // what starting the interpreter needs
      cwd,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      detached: process.platform !== 'win32', // a group of its own, so that all of it can be killed
      windowsHide: true,
    });
    const kill = (): void => {
      try {
        if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
        else child.kill('SIGKILL');
      } catch {
        // it has ended already
      }
    };
    const alarm = setTimeout(kill, patience * 1000);
    let said = '';
    const report = child.stdio[3] as Readable;
    report.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.length > token.length) kill();
    });
    child.on('error', (error) => {
      clearTimeout(alarm);
      reject(missing(python, error.message));
    });
    child.on('close', () => {
      clearTimeout(alarm);
      resolve(said === token);
    });
    child.on('exit', kill); // what it may have left running
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(JSON.stringify({ token, program, cpu: seconds, memory }));
  });
}

/**
 * Whether each Python program runs to its end without an error. Every program has a process of its own, with limits on
 * time and memory, no network, no child processes and no writing of files (see python-runner.ts). That contains what a
 * language model writes by mistake; it is no jail for code that was written to break out or to forge its score.
 * Throws HiZfoError when Python cannot be started.
 */
export async function runPythonPrograms(
  programs: readonly string[],
  options: PythonOptions = {},
): Promise<boolean[]> {
  const { signal, ...given } = options;
  const parallel = Math.min(8, availableParallelism());
  const settings = { python: defaultPython(), seconds: 3, patience: 20, memory: 512, parallel, ...given };
  const results = programs.map(() => false);
  const cwd = await mkdtemp(join(tmpdir(), 'hi-zfo-python-'));
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < programs.length) {
      signal?.throwIfAborted();
      const i = next++;
      results[i] = await runProgram(programs[i]!, cwd, settings);
    }
  };
  try {
    const workers = Array.from({ length: Math.min(settings.parallel, programs.length) }, work);
    const ended = await Promise.allSettled(workers);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    return results;
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
