/**
 * How cost grows: profile, partition, step and one variance draw at 10, 100 and 1,000 tensors; a step over sequences of 64 to
 * 1,024 tokens and over 1 to 64 queries. Exponents are least-squares slopes in logarithms of both axes.
 *   npx tsx bench/growth.ts [--engine auto] [--rounds 3]
 * Each figure is the fastest of `rounds` after one that warms up. Writes bench/results/growth.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openEngine, tf, type Engine, type EngineName } from '../src/engine/index.ts';
import { Decoder, DeviceBatch, parseConfig, type TokenBatch } from '../src/model/index.ts';
import { fillNoise } from '../src/noise/index.ts';
import { AdamW } from '../src/optimize/index.ts';
import { Partition } from '../src/partition/index.ts';
import { profileModel } from '../src/profile/index.ts';
import { hiZfoStep, stepSettings } from '../src/train/index.ts';
import { measureVariance, modelObjective } from '../src/variance/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: { engine: { type: 'string', default: 'auto' }, rounds: { type: 'string', default: '3' } },
});
const VOCABULARY = 256;

/** A Llama of `layers` layers (9 tensors each, 2 beside them), weights by noise. */
function llama(engine: Engine, layers: number): Decoder {
  const config = parseConfig({
    model_type: 'llama',
    vocab_size: VOCABULARY,
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: layers,
    num_attention_heads: 4,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  });
  const model = new Decoder(engine, config);
  for (const p of model.parameters.list) {
    const values = new Float32Array(p.size);
    if (p.role.endsWith('norm')) values.fill(1);
    else fillNoise(values, { seed: 1, step: 0, query: 0, tensor: p.index }, 'gaussian');
    const scale = p.role.endsWith('norm') ? 1 : 0.02;
    model.parameters.replace(p, tf.tensor(values.map((x) => scale * x), [...p.shape])); // prettier-ignore
  }
  return model;
}

/** Rows of tokens by a fixed rule, the second half of each supervised. */
function tokens(batch: number, length: number): TokenBatch {
  const ids = Int32Array.from({ length: batch * length }, (_, i) => (i * 131 + (i >> 3) * 17) % VOCABULARY);
  const rows = Array.from({ length: batch * length }, (_, i) => i);
  const supervised = rows.filter((i) => i % length >= length / 2 && i % length < length - 1);
  return {
    ids,
    batch,
    length,
    positions: Int32Array.from(supervised),
    targets: Int32Array.from(supervised, (i) => ids[i + 1]!),
  };
}

/** Milliseconds of the fastest of the rounds. */
async function fastest(work: () => unknown): Promise<number> {
  let best = Infinity;
  for (let round = -1; round < Number(args.rounds); round++) {
    const start = performance.now();
    await work();
    if (round >= 0) best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** All that is timed of one model and batch size. */
class Subject {
  readonly #optimizer: AdamW;
  readonly #settings = stepSettings({ rateFO: 0, rateZO: 0 });
  #partition: Partition | undefined;

  constructor(
    readonly model: Decoder,
    readonly batch: TokenBatch,
  ) {
    this.#optimizer = new AdamW(model.engine, this.#settings.adamw);
  }

  profile() {
    return profileModel(this.model, [this.batch], (p, w, g) => this.#optimizer.tried(p, w, g, 1e-3));
  }

  async step(queries = 1): Promise<void> {
    const { model } = this;
    this.#partition ??= Partition.solve(await this.profile(), { rho: 0.6 });
    const batch = new DeviceBatch(this.batch, model.config);
    const settings = { ...this.#settings, queries };
    await hiZfoStep({
      model,
      partition: this.#partition,
      batch,
      settings,
      optimizer: this.#optimizer,
      seed: 1,
      step: 0,
    });
    batch.dispose();
  }

  /** Milliseconds of one draw out of eight. */
  async draw(): Promise<number> {
    const batch = new DeviceBatch(this.batch, this.model.config);
    const objective = modelObjective(this.model, batch, this.model.parameters.list);
    const ms = await fastest(() => measureVariance(objective, { draws: 8, queries: [1] }));
    batch.dispose();
    return ms / 8;
  }

  dispose(): void {
    this.#optimizer.dispose();
    this.model.dispose();
  }
}

/** Slope of log y over log x by least squares. */
function exponent(xs: readonly number[], ys: readonly number[]): number {
  const [lx, ly] = [xs.map(Math.log), ys.map(Math.log)] as [number[], number[]];
  const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
  const [mx, my] = [mean(lx), mean(ly)];
  return lx.reduce((s, x, i) => s + (x - mx) * (ly[i]! - my), 0) / lx.reduce((s, x) => s + (x - mx) ** 2, 0);
}

const shown = (x: number): string => (x < 10 ? x.toFixed(2) : x.toFixed(0));

/** One line of a table: what, its times and their exponent. */
function line(name: string, xs: readonly number[], ys: readonly number[]): string {
  const text = `| ${[name, ...ys.map(shown), exponent(xs, ys).toFixed(2)].join(' | ')} |`;
  console.log(text);
  return text;
}

const header = (what: string, xs: readonly number[]): string[] => [
  `| ${what} | ${xs.join(' | ')} | exponent |`,
  `|${' --- |'.repeat(xs.length + 2)}`,
];

const engine = await openEngine(args.engine as EngineName);
await engine.activate();
const page: string[] = [];

const counts: number[] = [];
const times = { profile: [], partition: [], step: [], draw: [] } as Record<string, number[]>;
for (const layers of [1, 11, 111]) {
  const subject = new Subject(llama(engine, layers), tokens(2, 64));
  const profile = await subject.profile();
  counts.push(profile.entries.length);
  times.profile!.push(await fastest(() => subject.profile()));
  times.partition!.push(await fastest(() => Partition.solve(profile, { rho: 0.6 })));
  times.step!.push(await fastest(() => subject.step()));
  times.draw!.push(await subject.draw());
  subject.dispose();
}
page.push('## Tensors', '', ...header('ms, by number of tensors', counts));
for (const [name, ys] of Object.entries(times)) page.push(line(name, counts, ys));

const lengths = [64, 128, 256, 512, 1024];
const byLength: number[] = [];
const drawByLength: number[] = [];
for (const length of lengths) {
  const subject = new Subject(llama(engine, 4), tokens(1, length));
  byLength.push(await fastest(() => subject.step()));
  drawByLength.push(await subject.draw());
  subject.dispose();
}
page.push('', '## Sequence', '', ...header('ms, by tokens of the one row', lengths));
page.push(line('step', lengths, byLength), line('draw', lengths, drawByLength));

const queries = [1, 4, 16, 64];
const subject = new Subject(llama(engine, 4), tokens(2, 64));
const byQueries: number[] = [];
for (const q of queries) byQueries.push(await fastest(() => subject.step(q)));
subject.dispose();
page.push('', '## Queries', '', ...header('ms, by queries', queries), line('step', queries, byQueries));

mkdirSync('bench/results', { recursive: true });
const head = [
  '# How cost grows',
  '',
  `${machine()}, engine ${engine.name}`,
  `\`npx tsx bench/growth.ts --engine ${args.engine} --rounds ${args.rounds}\``,
  '',
  'Llama of width 64, 9 tensors a layer, rho 0.6, second half of each row supervised. Draw: one of eight of a variance measurement, all',
  'tensors moved. Fastest of the rounds.',
  '',
];
writeFileSync('bench/results/growth.md', [...head, ...page, ''].join('\n'));
