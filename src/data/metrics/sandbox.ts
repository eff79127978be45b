import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { HiZfoError } from '../../errors.ts';
import { sandboxChild } from './sandbox-child.ts';

/** A function as text, and the calls that it has to answer. */
export interface Candidate {
  /** A JavaScript expression whose value is a function. */
  code: string;
  /** Arguments and expected result of each call; JSON values. */
  tests: readonly { args: readonly unknown[]; expected: unknown }[];
}

export interface SandboxOptions {
  /** Milliseconds that one candidate may run for; default 250. */
  timeout?: number;
  /** Mebibytes of JavaScript heap; default 64. A candidate that needs more fails. */
  heap?: number;
  /** Milliseconds without a result after which the process is killed and its candidate fails; default 10 000. */
  patience?: number;
}

/** The flag of this Node's permission model, which takes files, child processes, workers and add-ons away. */
function permissionFlag(): string {
  const flags = process.allowedNodeEnvironmentFlags;
  return flags.has('--permission') ? '--permission' : '--experimental-permission';
}

/**
 * Runs one process over the candidates until it ends or is killed; returns the results that it got to, in order.
 * The process has no environment, no file access and no code generation from strings.
 */
function runProcess(jobs: readonly object[], options: Required<SandboxOptions>): Promise<boolean[]> {
  const heap = [`--max-old-space-size=${options.heap}`, '--max-semi-space-size=4'];
  const flags = [permissionFlag(), '--no-warnings', '--disallow-code-generation-from-strings', ...heap];
  const env: NodeJS.ProcessEnv = process.env.SystemRoot ? { SystemRoot: process.env.SystemRoot } : {};
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, '-e', sandboxChild], {
      env,
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const kill = (): void => void child.kill('SIGKILL');
    let alarm = setTimeout(kill, options.patience);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      clearTimeout(alarm);
      alarm = setTimeout(kill, options.patience);
    });
    child.on('error', (error) => {
      clearTimeout(alarm);
      reject(error);
    });
    child.on('close', () => {
      clearTimeout(alarm);
      const [ready, ...lines] = output.split('\n').slice(0, -1);
      if (ready !== 'ready') {
        reject(
          new HiZfoError(
            `${process.execPath} ${flags.join(' ')} did not start, so code cannot be run in isolation.`,
          ),
        );
        return;
      }
      resolve(lines.map((line) => line.endsWith(' 1')));
    });
    // A child that dies early closes the pipe; what it did not print is handled by the caller.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify({ jobs, timeout: options.timeout }));
  });
}

/**
 * Whether each candidate answers all its tests rightly. Candidates run in child processes of Node, many to a process and
 * each in a fresh context; one that throws, loops, takes too much memory or asks for what is not there fails alone.
 * Throws HiZfoError when no such process can be started.
 */
export async function runCandidates(
  candidates: readonly Candidate[],
  options: SandboxOptions = {},
): Promise<boolean[]> {
  const settings = { timeout: 250, heap: 64, patience: 10_000, ...options };
  const jobs = candidates.map(({ code, tests }) => ({
    code,
    calls: JSON.stringify(tests.map((t) => t.args)),
    expected: JSON.stringify(tests.map((t) => JSON.stringify(t.expected))),
  }));
  const results: boolean[] = [];
  while (results.length < jobs.length) {
    const done = await runProcess(jobs.slice(results.length), settings);
    results.push(...done);
    // A process that dies on its first candidate was killed by it; a later one gets a process of its own first, since
    // what a candidate left behind may strike after its result is out.
    if (done.length === 0) results.push(false);
  }
  return results;
}
