import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { Generation } from '../data/index.ts';
import { estimatorNames } from '../estimate/index.ts';
import { checkOptions, type Names } from '../options.ts';
import type { ProbeSettings } from '../panel/host.ts';
import type { TrainerProfileOptions } from '../train/index.ts';
import type { RoutesOptions } from '../variance/index.ts';
import type { AutosaveOptions } from './autosave.ts';
import type { SaveOptions } from './checkpoint/index.ts';
import type { EvaluateOptions } from './evaluate.ts';
import type { TextOptions } from './generate.ts';
import type {
  LandscapeOptions,
  SessionDescentOptions,
  SessionSharpnessOptions,
  SessionSweepOptions,
  Where,
} from './laboratory.ts';
import type { OwnEvaluateOptions } from './own/evaluate.ts';
import type { RunOptions } from './run.ts';
import type { SessionVarianceOptions } from './variance.ts';

const where = { batch: true, along: true } satisfies Names<Where>;

const draws = { draws: true, ...estimatorNames, seed: true, signal: true } as const;

const generation = {
  ...{ temperature: true, beams: true, stop: true, minNewTokens: true, lengthPenalty: true },
  ...{ earlyStopping: true, repetitionPenalty: true, topK: true, topP: true, seed: true },
} satisfies Names<Generation>;

const landscape = {
  ...{ points: true, radius: true, epsilon: true, draws: true, seed: true, gradientScale: true },
  ...{ signal: true, onPoint: true, ...where },
} satisfies Names<LandscapeOptions>;

/** Names of the options of a session's calls. */
const calls = {
  run: { show: true, onStep: true, signal: true } satisfies Names<RunOptions>,
  profile: {
    ...{ batches: true, rho: true, head: true, recompute: true, microBatch: true },
    ...{ signal: true, onBatch: true },
  } satisfies Names<TrainerProfileOptions>,
  variance: { ...draws, ...where, from: true, onDraw: true } satisfies Names<SessionVarianceOptions>,
  sweep: {
    ...{ ...draws, ...where, batches: true, routes: true, onPoint: true },
  } satisfies Names<SessionSweepOptions>,
  routes: {
    ...{ draws: true, steps: true, lines: true, tries: true, estimator: true, epsilon: true, seed: true },
    ...{ signal: true, onBatch: true },
  } satisfies Names<RoutesOptions>,
  landscape,
  plane: landscape,
  sharpness: {
    ...{ probes: true, steps: true, radius: true, length: true, seed: true, signal: true, onProduct: true },
    ...where,
  } satisfies Names<SessionSharpnessOptions>,
  descent: {
    ...{ ...draws, ...where, multiples: true, trace: true, probes: true, onDraw: true },
  } satisfies Names<SessionDescentOptions>,
  evaluate: {
    ...{ examples: true, split: true, samples: true, maxNewTokens: true, ...generation },
    ...{ signal: true, onProgress: true },
  } satisfies Names<EvaluateOptions>,
  'evaluate on a model of your own': {
    ...{ metric: true, signal: true, onProgress: true },
  } satisfies Names<OwnEvaluateOptions>,
  generate: { maxNewTokens: true, ...generation, signal: true } satisfies Names<TextOptions>,
  save: { state: true, dtype: true, merge: true } satisfies Names<SaveOptions>,
  autosave: { every: true, dir: true } satisfies Names<AutosaveOptions>,
  probe: { every: true, draws: true } satisfies Names<ProbeSettings>,
};

const isSignal = (value: unknown): boolean =>
  typeof (Object(value) as Partial<AbortSignal>).addEventListener === 'function';

/** What some options of many calls are, wherever they are given. */
const common: readonly { named: RegExp; is: (value: unknown) => boolean; want: string }[] = [
  { named: /^on[A-Z]/, is: (value) => typeof value === 'function', want: 'a function' },
  { named: /^signal$/, is: isSignal, want: "an AbortController's signal" },
  {
    named: /^batch$/,
    is: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    want: 'the training step whose batch is meant, a whole number from 0 on',
  },
];

/** Throws ConfigError for options that a call of a session does not have, and for listeners and signals that are none. */
export function checkCall(call: keyof typeof calls, options: unknown): void {
  checkOptions(call, options, calls[call]);
  for (const [name, value] of Object.entries(options as object)) {
    const rule = common.find(({ named }) => named.test(name));
    if (value === undefined || !rule || rule.is(value)) continue;
    throw new ConfigError(`${call}: ${name} is ${inspect(value, { depth: 0 })}; give ${rule.want}.`);
  }
}
