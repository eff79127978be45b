/**
 * Draws a second of a variance measurement on the tiny model: naive (a whole forward pass each), stacked (the blocks below the
 * moved tensors once, those above for eight directions at once) and ours (the blocks below once, no rows that do not count), and where
 * the time of one of ours goes.
 *   npx tsx bench/draws.ts [--task dialogue-summary] [--rounds 7]
 * Ways alternate, the fastest round of each counts, by the clock and by the process's CPU time. Writes bench/results/draws.md.
 */
import type { Tensor2D } from '@tensorflow/tfjs';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { tf } from '../src/engine/index.ts';
import { perturbedWeights, type Direction } from '../src/estimate/index.ts';
import { DeviceBatch, lossOf, type Parameter, type TokenBatch } from '../src/model/index.ts';
import { open } from '../src/index.ts';
import { PackedBatch } from '../src/model/packed.ts';
import { modelObjective } from '../src/variance/index.ts';
import { machine } from './machine.ts';
import { timesByOperation } from './op-times.ts';

const { values: args } = parseArgs({
  options: {
    task: { type: 'string', default: 'dialogue-summary' },
    rounds: { type: 'string', default: '7' },
  },
});
const DIRECTIONS = 8;
const EPSILON = 1e-3;

const s = await open({ task: args.task, show: false, engine: 'wasm' });
const { model } = s;
const { engine, parameters: store } = model;
const tokens = s.source.at(0);
const us = Array.from({ length: DIRECTIONS }, (_, step): Direction => ({ seed: 1, step, query: 0, law: 'gaussian' })); // prettier-ignore

/** The batch, `DIRECTIONS` times one below the other. */
const tall: TokenBatch = {
  ids: repeated(tokens.ids, 0),
  batch: DIRECTIONS * tokens.batch,
  length: tokens.length,
  positions: repeated(tokens.positions, tokens.batch * tokens.length),
  targets: repeated(tokens.targets, 0),
};
const batch = new DeviceBatch(tokens, model.config);
const tallBatch = new DeviceBatch(tall, model.config);
const upper = model.config.layers / 2;
const cases: [string, Parameter[]][] = [
  ['upper half at once', store.list.filter((p) => p.layer >= upper)],
  ...Array.from({ length: upper }, (_, i): [string, Parameter[]] => [
    `layer ${upper + i} alone`,
    store.list.filter((p) => p.layer === upper + i),
  ]),
];

const lines: string[] = [];
const none = (): Best => ({ wall: Infinity, cpu: Infinity });
const sums = [0, 0, 0].map((): Best => ({ wall: 0, cpu: 0 }));
for (const [name, list] of cases) {
  const ways = [naive(list), kept(list), stacked(list)];
  const [a, ...others] = await Promise.all([ways[0]!(), ways[1]!(), ways[2]!()]);
  for (const b of others)
    if (b.some((x, i) => Math.abs(x - a[i]!) > 1e-6 * a[i]!)) throw new Error(`${name}: losses differ: ${a.join()} ${b.join()}`); // prettier-ignore
  const best = ways.map(none);
  for (let round = 0; round < Number(args.rounds); round++) {
    for (const [k, way] of ways.entries()) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      await way();
      const { user, system } = process.cpuUsage(before);
      best[k]!.wall = Math.min(best[k]!.wall, (performance.now() - start) / DIRECTIONS);
      best[k]!.cpu = Math.min(best[k]!.cpu, (user + system) / 1000 / DIRECTIONS);
    }
  }
  if (name !== cases[0]![0])
    best.forEach(({ wall, cpu }, k) => ((sums[k]!.wall += wall), (sums[k]!.cpu += cpu)));
  lines.push(row(name, best));
}
lines.push(row('the three layers, one after the other', sums));
const packed = await PackedBatch.of(batch);
const rows = packed.size;
packed.dispose();
const text = [
  `# Draws a second, ${args.task}, batch of ${tokens.batch} x ${tokens.length} tokens, ${tokens.positions.length} supervised`,
  '',
  machine(),
  `\`npx tsx bench/draws.ts --task ${args.task} --rounds ${args.rounds}\``,
  '',
  'Milliseconds a draw (the best round), and draws a second as a multiple of naive ones. Naive: a whole forward pass each. Stacked: blocks',
  'below the moved tensors once, those above for eight directions at once. Kept: what `modelObjective` does, blocks below once and no rows',
  `that no supervised position sees or that an earlier sequence begins with as well: ${rows} of ${tokens.batch * tokens.length} rows, in the last layer`,
  `queries and feed-forward for ${tokens.positions.length}. Losses agree to 1e-6. Upper half stacked is the kept way again, as the head moves too. On a busy machine only ratios by CPU time count.`,
  '',
  '| moved | naive, ms | kept, ms | stacked, ms | kept | stacked | kept, by CPU time | stacked, by CPU time |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ...lines,
  '',
  'Where a kept draw goes, upper half at once (the fastest of the rounds; products: rows x inputs by weight):',
  '',
  '| operation | ms a draw |',
  '| --- | --- |',
  ...(await profile()),
  '',
].join('\n');
console.log(text);
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/draws.md', text);
await s.close();

interface Best {
  wall: number;
  cpu: number;
}

function row(name: string, [a, b, c]: Best[]): string {
  const times = [a!.wall, b!.wall, c!.wall].map((x) => x.toFixed(1));
  const ratios = [a!.wall / b!.wall, a!.wall / c!.wall, a!.cpu / b!.cpu, a!.cpu / c!.cpu].map((x) => x.toFixed(2)); // prettier-ignore
  return `| ${[name, ...times, ...ratios].join(' | ')} |`;
}

async function profile(): Promise<string[]> {
  const way = kept(cases[0]![1]);
  await way();
  const total = (times: Map<string, number>) => [...times.values()].reduce((sum, x) => sum + x, 0);
  let best = await timesByOperation(engine, way);
  for (let round = 1; round < Number(args.rounds); round++) {
    const times = await timesByOperation(engine, way);
    if (total(times) < total(best)) best = times;
  }
  return [...best]
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) => `| ${name} | ${(ms / DIRECTIONS).toFixed(2)} |`);
}

function repeated(values: Int32Array, step: number): Int32Array {
  return Int32Array.from({ length: DIRECTIONS * values.length }, (_, i) => {
    const copy = Math.floor(i / values.length);
    return values[i % values.length]! + copy * step;
  });
}

function naive(list: readonly Parameter[]) {
  const moved = new Set(list);
  return async () => {
    const losses: number[] = [];
    for (const u of us)
      losses.push(await lossOf(model, perturbedWeights(engine, store, moved, u, EPSILON), batch));
    return losses;
  };
}

function kept(list: readonly Parameter[]) {
  const objective = modelObjective(model, batch, list);
  return async () => {
    const losses: number[] = [];
    for (const u of us) losses.push(await objective.loss(u, EPSILON));
    return losses;
  };
}

function stacked(list: readonly Parameter[]) {
  const moved = new Set(list);
  const first = Math.min(...list.map((p) => model.blockOf(p)));
  const after = Math.max(...list.map((p) => model.blockOf(p))) + 1;
  const states = model.hidden(store.get, batch, 0, first);
  if (after > model.blocks) return kept(list); // the head moves too: there is nothing to run at once
  return async () => {
    const tokensLoss = tf.tidy(() => {
      const parts = us.map((u) => model.hidden(perturbedWeights(engine, store, moved, u, EPSILON), batch, first, after, states)); // prettier-ignore
      const h = tf.concat<Tensor2D>(parts);
      const top = after < model.blocks ? model.hidden(store.get, tallBatch, after, model.blocks, h) : h;
      return model.loss(store.get, tallBatch, top).tokens;
    });
    const values = Array.from(await tokensLoss.data());
    tokensLoss.dispose();
    const n = values.length / DIRECTIONS;
    return us.map((_, i) => values.slice(i * n, (i + 1) * n).reduce((sum, x) => sum + x, 0) / n);
  };
}
