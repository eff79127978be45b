import { execFile } from 'node:child_process';

/** What one check found. */
export interface Finding {
  name: string;
  /** `warning`: works, but something is lost. `skipped`: cannot be looked at until something else is mended. */
  state: 'ok' | 'warning' | 'wrong' | 'skipped';
  /** What is there, or what is wrong. */
  found: string;
  /** What to do about it. */
  todo?: string;
}

/** What the doctor looks at. */
export interface Patient {
  /** Folder of the package. */
  root: string;
  env: NodeJS.ProcessEnv;
  /** Version and path of the Node that runs the kernel. */
  node: { version: string; path: string };
  /** The Jupyter that is asked: a name on the PATH or a path. */
  jupyter: string;
}

export const ok = (name: string, found: string): Finding => ({ name, state: 'ok', found });
export const warning = (name: string, found: string, todo: string): Finding => ({
  name,
  state: 'warning',
  found,
  todo,
});
export const wrong = (name: string, found: string, todo: string): Finding => ({
  name,
  state: 'wrong',
  found,
  todo,
});
export const skipped = (name: string, found: string): Finding => ({ name, state: 'skipped', found });

export const isWell = (finding: Finding): boolean => finding.state === 'ok' || finding.state === 'warning';

/** Whether a version such as `20.19.4` is at least another one. */
export function atLeast(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(/[.-]/).map((part) => Number.parseInt(part, 10)));
  for (const [i, wanted] of b!.entries()) {
    const given = a![i] ?? 0;
    if (Number.isNaN(given)) return false;
    if (given !== wanted) return given > wanted;
  }
  return true;
}

const PROGRAM_MS = 60_000;

/** What a program prints; undefined when it is not there, fails, or takes longer than a minute. */
export function output(program: string, args: string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: PROGRAM_MS, encoding: 'utf8' }, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}
