import { ConfigError, didYouMean } from '../errors.ts';
import {
  methods,
  settingNames,
  snapshotSettings,
  stepSettings,
  type MethodName,
  type SnapshotOptions,
  type StepOptions,
} from '../train/index.ts';

/** Refuses an option that `open` does not have: a mistyped one would silently leave its default. */
export function checkNames(options: object, own: readonly string[], call = 'open'): void {
  const known = [...own, ...settingNames];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new ConfigError(
    `${call} has no option ${unknown}.${didYouMean(unknown, known)} ` +
      `Options are ${own.join(', ')}; of a step: ${settingNames.join(', ')}.`,
  );
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
    throw new ConfigError(`seed is ${seed}; it must be a whole number from 0 to 4294967295.`);
  }
  if (rho !== undefined && !(rho >= 0 && rho <= 1))
    throw new ConfigError(`rho is ${rho}; it must be from 0 to 1.`);
  stepSettings({ ...methods[method].step, ...step });
  snapshotSettings(snapshots);
}
