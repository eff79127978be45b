/**
 * Our side of `npm run bench`: npx tsx bench/engines/ours.ts MODEL_DIR ENGINE THREADS. Speaks as bench/peer/train.py does, and
 * answers { partition: rho } with the names of the first-order tensors.
 */
import { createInterface } from 'node:readline';
import {
  AdamW,
  DeviceBatch,
  hiZfoStep,
  loadModel,
  lossAndGradients,
  lossOf,
  openEngine,
  Partition,
  profileModel,
  stepSettings,
  type EngineName,
  type StepOptions,
} from '../../src/index.ts';
import { tf } from '../../src/engine/tf.ts';
import type { BenchBatch, Request } from './contender.ts';
import { tokenBatch } from './models.ts';

const RATE = 1e-7;
const [folder, name, threads] = process.argv.slice(2) as [string, EngineName, string];
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async () => (await lines.next()) as { value: string; done?: boolean };
const say = (answer: object) => void process.stdout.write(JSON.stringify(answer) + '\n');

const tokens = tokenBatch(JSON.parse((await next()).value) as BenchBatch);
const engine = await openEngine(name, { threads: Number(threads) });
const model = await loadModel(engine, folder);
const batch = new DeviceBatch(tokens, model.config);
const { list, get } = model.parameters;
let optimizer = new AdamW(engine);
let labelled = '';
let steps = 0;

say({ loss: await lossOf(model, get, batch), what: engine.describe().summary });
for (let line = await next(); !line.done; line = await next()) {
  const request = JSON.parse(line.value) as Partial<Request> & { partition?: number };
  if (request.partition !== undefined) say({ fo: await partition(request.partition) });
  else if (request.item) say({ ms: await time(request as Request) });
  else say({ bytes: process.resourceUsage().maxRSS * 1024 });
}
process.exit(0);

async function time(request: Request): Promise<number> {
  const label = `${request.item} ${request.fo?.join() ?? ''}`;
  if (label !== labelled) {
    // Another item: moments of the one before are not held beside its own.
    optimizer.dispose();
    optimizer = new AdamW(engine);
    labelled = label;
  }
  const run = runner(request);
  const started = performance.now();
  await run();
  await finished();
  return performance.now() - started;
}

/** A card still computes what it was told when a step returns; what is read last waits for all of it. */
async function finished(): Promise<void> {
  if (engine.name !== 'webgpu') return;
  const last = tf.fill([1], 0);
  await last.data();
  last.dispose();
}

function runner({ item, fo = [] }: Request): () => Promise<unknown> {
  switch (item) {
    case 'forward':
      return () => lossOf(model, get, batch);
    case 'gradients':
      return async () =>
        tf.dispose([...(await lossAndGradients(model, get, batch, list)).gradients.values()]);
    case 'adamw':
      return () => step(Partition.uniform(list, 'FO'), {});
    case 'mezo':
      return () => step(Partition.uniform(list, 'ZO'), { estimator: 'two-sided' });
    case 'hi-zfo':
      return () => step(Partition.of(list, fo), {});
    case 'noise':
      return async () => {
        const u = engine.ops.noise([1_000_000], { seed: 1, step: steps++, query: 0, tensor: 0 }, 'gaussian');
        if (engine.name !== 'wasm') await u.data();
        u.dispose();
      };
  }
}

function step(partition: Partition, options: StepOptions) {
  const settings = stepSettings({ rateFO: RATE, rateZO: RATE, ...options });
  return hiZfoStep({ model, partition, batch, settings, optimizer, seed: 1, step: steps++ });
}

async function partition(rho: number): Promise<string[]> {
  const trial = new AdamW(engine);
  const profile = await profileModel(model, [tokens], (p, w, g) => trial.tried(p, w, g, 2e-5));
  return Partition.solve(profile, { rho })
    .with('FO')
    .map((p) => p.name);
}
