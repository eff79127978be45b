/**
 * Many Hi-ZFO steps on one engine: live tensors, TF.js bytes, heap and resident memory must stay where they are.
 *   npx tsx --expose-gc bench/soak.ts [--engine auto] [--steps 1000] [--model test/goldens/model/llama]
 * Garbage is collected before each look, every tenth of the way. Writes bench/results/soak-ENGINE.md.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openEngine, tf, type EngineName } from '../src/engine/index.ts';
import { DeviceBatch, loadModel, type TokenBatch } from '../src/model/index.ts';
import { AdamW } from '../src/optimize/index.ts';
import { Partition } from '../src/partition/index.ts';
import { hiZfoStep, stepSettings } from '../src/train/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    engine: { type: 'string', default: 'auto' },
    steps: { type: 'string', default: '1000' },
    model: { type: 'string', default: 'test/goldens/model/llama' },
  },
});
const steps = Number(args.steps);
const engine = await openEngine(args.engine as EngineName);
await engine.activate();
const model = await loadModel(engine, args.model);
const optimizer = new AdamW(engine);
const settings = stepSettings({ rateFO: 1e-4, rateZO: 1e-5, queries: 2 });
const { layers, vocabulary } = model.config;
const partition = Partition.of(model.parameters.list, (p) => p.layer >= layers / 2);

/** Two rows of 16 tokens, other ones each step. */
function tokens(step: number): TokenBatch {
  const ids = Int32Array.from({ length: 32 }, (_, i) => (i * 131 + step * 17) % vocabulary);
  const positions = Int32Array.from([...Array(14).keys()].flatMap((i) => [i, 16 + i]));
  return { ids, batch: 2, length: 16, positions, targets: positions.map((i) => ids[i + 1]!) };
}

const lines: string[] = [];
function say(line: string): void {
  lines.push(line);
  console.log(line);
}
say(machine());
say(`\`npx tsx --expose-gc bench/soak.ts --engine ${args.engine} --steps ${steps} --model ${args.model}\``);
say(engine.describe().summary);
say('');
const resident: number[] = [];
let before: number | undefined;
const started = performance.now();
for (let step = 0; step < steps; step++) {
  const batch = new DeviceBatch(tokens(step), model.config);
  await hiZfoStep({ model, partition, batch, settings, optimizer, seed: 3, step });
  batch.dispose();
  if ((step + 1) % Math.ceil(steps / 10) > 0) continue;
  globalThis.gc?.();
  const { tensors, bytes, heapBytes } = engine.memory();
  resident.push(process.memoryUsage.rss());
  if (before !== undefined && tensors !== before)
    throw new Error(`${tensors} live tensors, ${before} before`);
  before = tensors;
  const mb = (n: number) => (n / 1e6).toFixed(1);
  say(
    `- step ${step + 1}: ${tensors} tensors, ${mb(bytes)} MB in them, heap ${mb(heapBytes)} MB, resident ${mb(resident.at(-1)!)} MB`,
  );
}
const growth = resident.at(-1)! / resident[3]! - 1;
const ms = (performance.now() - started) / steps;
console.log(
  `${ms.toFixed(1)} ms a step; resident memory since step ${(4 * steps) / 10}: ${(100 * growth).toFixed(1)}%`,
);
optimizer.dispose();
model.dispose();
if (tf.memory().numTensors > 0) console.log(`${tf.memory().numTensors} tensors are left`);
writeFileSync(
  `bench/results/soak-${engine.name}.md`,
  [`# ${steps} steps on ${engine.name}`, '', ...lines, ''].join('\n'),
);
