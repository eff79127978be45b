import { inspect } from 'node:util';
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
