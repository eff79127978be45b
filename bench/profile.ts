/**
 * Where the time of a step goes on the wasm and fast engines: each kernel's calls, time, and GF/s or GB/s beside what this machine
 * reaches at most.
 *   npx tsx bench/profile.ts [--engine wasm] [--threads 2] [--model gpt] [--smollm2 DIR] [--rounds 10]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Product } from '../src/engine/wasm/mlas/product.ts';
import { Threads } from '../src/engine/wasm/threads/threads.ts';
import {
  AdamW,
  DeviceBatch,
  hiZfoStep,
  loadModel,
  lossAndGradients,
  lossOf,
  openEngine,
  Partition,
  stepSettings,
  type EngineName,
} from '../src/index.ts';
import { tf } from '../src/engine/tf.ts';
import { machine } from './machine.ts';
import { batchFor, benchModels, tokenBatch } from './engines/models.ts';

const { values: args } = parseArgs({
  options: {
    engine: { type: 'string', default: 'wasm' },
    threads: { type: 'string', default: '2' },
    model: { type: 'string', default: 'gpt' },
    smollm2: { type: 'string', default: '.cache/smollm2/hf' },
    rounds: { type: 'string', default: '10' },
  },
});

interface Spent {
  calls: number;
  ms: number;
  /** Multiplications and additions. */
  flop: number;
  /** Bytes read and written, each operand once. */
  bytes: number;
}
const spent = new Map<string, Spent>();

function count(name: string, ms: number, flop: number, bytes: number): void {
  const s = spent.get(name) ?? { calls: 0, ms: 0, flop: 0, bytes: 0 };
  spent.set(name, { calls: s.calls + 1, ms: s.ms + ms, flop: s.flop + flop, bytes: s.bytes + bytes });
}

/** Floats that a call touches for each of its items, and where in its arguments the number of items stands. */
const traffic: Record<string, (call: readonly number[]) => number> = {
  addVectors: (c) => 3 * c[3]!,
  activateForward: (c) => 2 * c[3]!,
  activateBackward: (c) => 3 * c[4]!,
  gatedForward: (c) => 3 * c[4]!,
  gatedBackward: (c) => 5 * c[6]!,
  addBias: (c) => 2 * c[2]! * c[3]!,
  copyColumns: (c) => 2 * c[4]! * c[5]!,
  layerForward: (c) => 2 * c[5]! * c[6]!,
  rmsForward: (c) => 2 * c[4]! * c[5]!,
  zero: (c) => c[1]!,
  gatherRows: (c) => 2 * c[3]! * c[4]!,
  noise: (c) => (c[0] ? 2 : 1) * c[2]!,
  addScaled: (c) => 3 * c[3]!,
  scaleVector: (c) => 2 * c[2]!,
  adamw: (c) => 7 * c[7]!,
  dot: (c) => 2 * c[2]!,
  crossEntropy: (c) => (c[5] ? 4 : 2) * c[3]! * c[4]!,
};

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
const run = Threads.prototype.run;
Threads.prototype.run = function (job, calls) {
  const started = performance.now();
  const results = run.call(this, job, calls);
  const name = job.kernel;
  const ms = performance.now() - started;
  const flop = name === 'gemm' ? calls.reduce((sum, c) => sum + 2 * c[6]! * c[7]! * c[8]!, 0) : 0;
  count(name, ms, flop, 4 * calls.reduce((sum, c) => sum + (traffic[name]?.(c) ?? 0), 0));
  return results;
};
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
const multiply = Product.prototype.multiply;
Product.prototype.multiply = function (a, b, c, [m, n, k]) {
  const started = performance.now();
  multiply.call(this, a, b, c, [m, n, k]);
  count('product of onnxruntime', performance.now() - started, 2 * m * n * k, 0);
};

const engine = await openEngine(args.engine as EngineName, { threads: Number(args.threads) });
console.log(`${machine()}\n${engine.describe().summary}\n`);
limits();
const scratch = await mkdtemp(join(tmpdir(), 'hi-zfo-profile-'));
const bench = await benchModels(scratch, args.smollm2)[args.model]!();
const model = await loadModel(engine, bench.folder);
await rm(scratch, { recursive: true });
const batch = new DeviceBatch(tokenBatch(batchFor(bench)), model.config);
const { list, get } = model.parameters;
const optimizer = new AdamW(engine);
let steps = 0;
const step = (partition: Partition, estimator: 'one-sided' | 'two-sided') => async () => {
  const settings = stepSettings({ rateFO: 1e-7, rateZO: 1e-7, estimator });
  await hiZfoStep({ model, partition, batch, settings, optimizer, seed: 1, step: steps++ });
};
await profile('forward', () => lossOf(model, get, batch));
await profile('forward + backward', async () =>
  tf.dispose([...(await lossAndGradients(model, get, batch, list)).gradients.values()]),
);
await profile('MeZO step', step(Partition.uniform(list, 'ZO'), 'two-sided'));
await profile('Hi-ZFO step, upper half FO', step(Partition.of(list, bench.upperHalf), 'one-sided'));
process.exit(0);

/** What the machine reaches: a product of 1024 each way, and a sum of arrays that no cache holds. */
function limits(): void {
  const [a, b] = [engine.ops.noise([1024, 1024], { seed: 1, step: 0, query: 0, tensor: 0 }, 'gaussian'), tf.ones([2 ** 23])]; // prettier-ignore
  const best = { gemm: Infinity, sum: Infinity };
  for (let i = 0; i < 10; i++) {
    let started = performance.now();
    engine.ops.linear(a as never, a as never).dispose();
    best.gemm = Math.min(best.gemm, performance.now() - started);
    started = performance.now();
    engine.ops.addScaled(b, b, 1).dispose();
    best.sum = Math.min(best.sum, performance.now() - started);
  }
  tf.dispose([a, b]);
  const [flops, bytes] = [(2 * 1024 ** 3) / best.gemm / 1e6, (3 * 4 * 2 ** 23) / best.sum / 1e6];
  console.log(`at most ${flops.toFixed(0)} GF/s in a product of 1024 each way, ${bytes.toFixed(1)} GB/s in a sum of 34 MB arrays\n`); // prettier-ignore
}

async function profile(name: string, work: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 2; i++) await work();
  let best = Infinity;
  let kept = new Map<string, Spent>();
  for (let i = 0; i < Number(args.rounds); i++) {
    spent.clear();
    const started = performance.now();
    await work();
    const ms = performance.now() - started;
    if (ms < best) [best, kept] = [ms, new Map(spent)];
  }
  const rows = [...kept].sort(([, a], [, b]) => b.ms - a.ms);
  const inKernels = rows.reduce((sum, [, { ms }]) => sum + ms, 0);
  console.log(`${name}: ${best.toFixed(1)} ms\n| kernel | calls | ms | share | GF/s | GB/s |\n| --- | --- | --- | --- | --- | --- |`); // prettier-ignore
  for (const [kernel, { calls, ms, flop, bytes }] of rows) {
    const rate = (x: number) => (x > 0 ? (x / ms / 1e6).toFixed(1) : '');
    console.log(`| ${kernel} | ${calls} | ${ms.toFixed(2)} | ${percent(ms / best)} | ${rate(flop)} | ${rate(bytes)} |`); // prettier-ignore
  }
  console.log(`| JavaScript: TF.js, tape, dispatch | | ${(best - inKernels).toFixed(2)} | ${percent(1 - inKernels / best)} | | |\n`); // prettier-ignore
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}
