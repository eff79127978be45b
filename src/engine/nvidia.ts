import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** An NVIDIA card as its driver names it. */
export interface NvidiaCard {
  name: string;
  driver: string;
}

const PATIENCE_MS = 10_000;
/** By the PATH that was searched: a card does not come or go. */
const asked = new Map<string | undefined, Promise<NvidiaCard | 'no driver' | undefined>>();

/** The first NVIDIA card, as nvidia-smi tells; `no driver` when the system has one that nvidia-smi does not answer for. */
export function findNvidia(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<NvidiaCard | 'no driver' | undefined> {
  let answer = asked.get(environment.PATH);
  if (!answer) asked.set(environment.PATH, (answer = ask(environment)));
  return answer;
}

function ask(env: NodeJS.ProcessEnv): Promise<NvidiaCard | 'no driver' | undefined> {
  const args = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { env, timeout: PATIENCE_MS, encoding: 'utf8' }, (error, printed) => {
      const [name, driver] = error ? [] : printed.trim().split('\n')[0]!.split(', ');
      if (name && driver) resolve({ name, driver });
      else resolve(existsSync('/dev/nvidia0') ? 'no driver' : undefined);
    });
  });
}
