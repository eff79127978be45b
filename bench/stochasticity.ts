/**
 * Does first-order training end in sharp minima, and does ZO noise lead out of them (the paper's abstract)? Hi-ZFO, full fine-tuning, the
 * same partition frozen and the noise control on the tiny model: many epochs over a small training set, rates falling to 0, then
 * sharpness at the end beside the held-out score. Methods of a seed share weights, data, order and the measuring batch.
 *   npx tsx bench/stochasticity.ts [--task dialogue-summary] [--seeds 5] [--steps 320] [--train 256] [--rows 48] [--examples 128]
 * About 25 minutes on one core. Runs that bench/results/stochasticity-TASK.json has already, with the same options, are not made again.
 * Writes that file, bench/results/stochasticity-TASK.md and docs/figures/stochasticity-TASK.png. Whatever comes out is reported.
 */
import type { Tensor } from '@tensorflow/tfjs';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  DeviceBatch,
  lossOf,
  measureCurvature,
  measureSharpness,
  modelObjective,
  open,
  Partition,
  tasks,
  type Example,
  type Parameter,
  type Session,
} from '../src/index.ts';
import { machine } from './machine.ts';
import { compared, type StochasticityRun } from './stochasticity-run.ts';
import { writePage, type StoredRuns } from './stochasticity-page.ts';

const { values: args } = parseArgs({
  options: {
    task: { type: 'string', default: 'dialogue-summary' },
    seeds: { type: 'string', default: '5' },
    steps: { type: 'string', default: '320' },
    train: { type: 'string', default: '256' },
    rows: { type: 'string', default: '48' },
    examples: { type: 'string', default: '128' },
  },
});
const number = (name: 'seeds' | 'steps' | 'train' | 'rows' | 'examples') => Number(args[name]);
const [steps, train, rows, examples] = [number('steps'), number('train'), number('rows'), number('examples')];
/** The isotropic perturbation of fixed length: this times a Gaussian, of length 11 on the tiny model. */
const SPREAD = 0.01;
const PROBES = 8;

const path = `bench/results/stochasticity-${args.task}.json`;
const setting = { task: args.task, steps, train, rows, examples, spread: SPREAD, probes: PROBES };
const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as StoredRuns) : undefined;
const same = before && JSON.stringify(before.setting) === JSON.stringify(setting);
const stored: StoredRuns = same ? before : { machine: machine(), setting, runs: [] };

mkdirSync('bench/results', { recursive: true });
for (let seed = 0; seed < number('seeds'); seed++) {
  for (const method of compared) {
    if (stored.runs.some((r) => r.seed === seed && r.method === method)) continue;
    const run = await trained(method, seed);
    stored.runs.push(run);
    writeFileSync(path, JSON.stringify(stored, null, 1) + '\n');
    console.log(
      `seed ${seed}  ${method.padEnd(7)} train ${run.trainLoss.toFixed(4)}  held out ${run.loss.toFixed(3)}  ${run.metric} ${run.score.toFixed(3)}  ` +
        `tr H ${run.trace.toFixed(0)}  largest ${run.largest.toFixed(0)}  rise ${run.rise.toFixed(4)}  (${run.seconds.toFixed(0)} s)`,
    );
  }
}
await writePage(stored, `npx tsx bench/stochasticity.ts --task ${args.task} --seeds ${args.seeds} --steps ${steps} --train ${train} --rows ${rows} --examples ${examples}`); // prettier-ignore

async function trained(method: (typeof compared)[number], seed: number): Promise<StochasticityRun> {
  const start = performance.now();
  const task = tasks[args.task]!({ seed, train, test: Math.max(200, examples) });
  const s = await open({ model: 'tiny', task, method, seed, show: false, schedule: { linear: steps } });
  try {
    const split = Partition.solve((await s.profile()).data); // Hi-ZFO's own, to look at the same tensors in every method
    const from = new Map(s.model.parameters.list.map((p) => [p, s.model.parameters.get(p).clone()]));
    await s.run(steps);
    const moved = await distances(s, split, from);
    const { loss, scores } = (await s.evaluate({ examples })).data;
    const found = await atTheEnd(s, split, task.train.slice(0, rows), seed);
    const trainLoss = await lossOn(s, task.train);
    const score = scores.values[scores.primary]!;
    const seconds = (performance.now() - start) / 1000;
    return { method, seed, metric: scores.primary, score, loss, trainLoss, ...found, ...moved, seconds };
  } finally {
    await s.close();
  }
}

/** Sharpness over all tensors, whatever the method trained, on training rows: a property of the place that was reached. */
async function atTheEnd(s: Session, split: Partition, list: readonly Example[], seed: number) {
  const { model } = s;
  const batch = new DeviceBatch(s.source.of(list), model.config);
  try {
    const objective = modelObjective(model, batch, model.parameters.list);
    const curvature = await measureCurvature(objective, { probes: PROBES, steps: 10, seed });
    const near = await measureSharpness(objective, { radius: 0.05, directions: 8, seed });
    let spreadRise = 0;
    for (let step = 0; step < 8; step++) {
      const u = { seed, step, query: 0x80000020, law: 'gaussian' as const };
      for (const scale of [SPREAD, -SPREAD]) spreadRise += (await objective.loss(u, scale)) / 16;
    }
    const gradient = await objective.gradient();
    let slope = 0;
    for (const t of gradient.gradients.values()) {
      slope += await model.engine.ops.dot([[t, t]]);
      t.dispose();
    }
    const rest = curvature.tensors.filter(({ parameter }) => split.labelOf(parameter) !== 'FO');
    return {
      batchLoss: near.loss,
      slope: Math.sqrt(slope),
      trace: curvature.trace.mean,
      traceError: curvature.trace.standardError,
      traceRest: rest.reduce((sum, { trace }) => sum + trace.mean, 0),
      largest: curvature.largest,
      smallest: curvature.smallest,
      rise: near.rise.mean,
      ascent: near.ascent,
      spreadRise: spreadRise - near.loss,
    };
  } finally {
    batch.dispose();
  }
}

async function lossOn(s: Session, list: readonly Example[]): Promise<number> {
  const batch = new DeviceBatch(s.source.of(list), s.model.config);
  try {
    return await lossOf(s.model, s.model.parameters.get, batch);
  } finally {
    batch.dispose();
  }
}

/** How far FO tensors and the rest went, in all; uses up `from`. */
async function distances(
  s: Session,
  split: Partition,
  from: Map<Parameter, Tensor>,
): Promise<{ movedFO: number; movedRest: number }> {
  const { engine, parameters } = s.model;
  let [fo, rest] = [0, 0];
  for (const [p, old] of from) {
    const gap = engine.ops.addScaled(parameters.get(p), old, -1);
    const square = await engine.ops.dot([[gap, gap]]);
    if (split.labelOf(p) === 'FO') fo += square;
    else rest += square;
    gap.dispose();
    old.dispose();
  }
  return { movedFO: Math.sqrt(fo), movedRest: Math.sqrt(rest) };
}
