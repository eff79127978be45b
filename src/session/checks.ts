import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { openEngine, type Engine, type EngineName } from '../engine/index.ts';
import { ConfigError, didYouMean } from '../errors.ts';
import { checkRho } from '../partition/index.ts';
import {
  methods,
  snapshotSettings,
  stepSettings,
  type MethodName,
  type SnapshotOptions,
  type StepOptions,
} from '../train/index.ts';

/** The engine that `open` was asked for. */
export function engineOf(engine: EngineName | Engine): Promise<Engine> {
  if (typeof engine === 'string') return openEngine(engine);
  if (typeof (Object(engine) as Partial<Engine>).activate === 'function') return Promise.resolve(engine);
  throw new ConfigError(
    `engine is ${inspect(engine, { depth: 0 })}; give a name such as 'wasm', or what openEngine() gave.`,
  );
}

/** The folder of a saved run, in full. */
export function resumeFolder(resume: string): string {
  if (typeof resume === 'string' && resume.trim() !== '') return resolve(resume);
  throw new ConfigError(`resume is ${inspect(resume)}; give the folder of a saved run.`);
}

/** Checks the options that every run has, before anything is loaded; throws ConfigError naming the option. */
export function checkRun(options: {
  method: MethodName;
  seed: number;
  rho: number | undefined;
  snapshots: SnapshotOptions;
  step: StepOptions;
}): void {
  const { method, seed, rho, snapshots, step } = options;
  if (!Object.hasOwn(methods, method)) {
    const known = Object.keys(methods);
    throw new ConfigError(
      `method is ${JSON.stringify(method)}; take one of ${known.join(', ')}.${didYouMean(String(method), known)}`,
    );
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new ConfigError(`seed is ${inspect(seed)}; it must be a whole number from 0 to 4294967295.`);
  }
  if (rho !== undefined) checkRho(rho);
  stepSettings({ ...methods[method].step, ...step });
  snapshotSettings(snapshots);
}
