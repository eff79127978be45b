/**
 * How many programs the webgpu engine starts for a pass and a step, with its own operations and with those that TF.js composes (noise,
 * loss and sums of products stay its own: TF.js would send them over). The number is what limits a small model on a card.
 *   npx tsx bench/webgpu-programs.ts [--model test/goldens/model/llama] [--rounds 15]
 * Writes bench/results/webgpu-programs.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine, tf, type Engine, type Ops } from '../src/engine/index.ts';
import { plainOps } from '../src/engine/ops/plain.ts';
import { webgpuBackend } from '../src/engine/webgpu/backend.ts';
import { DeviceBatch, loadModel, lossAndGradients, lossOf } from '../src/model/index.ts';
import { AdamW } from '../src/optimize/index.ts';
import { Partition } from '../src/partition/index.ts';
import { hiZfoStep, stepSettings } from '../src/train/index.ts';
import { batchFor, tokenBatch } from './engines/models.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'test/goldens/model/llama' },
    rounds: { type: 'string', default: '15' },
  },
});
const engine = await openEngine('webgpu');
await engine.activate();
const backend = webgpuBackend();
let programs = 0;
const start = backend.recordAndSubmit.bind(backend);
backend.recordAndSubmit = (...given) => {
  programs++;
  return start(...given);
};

const { ops } = engine;
const kept = ['noise', 'perturb', 'headLoss', 'dot'];
const composedOps = Object.fromEntries(Object.entries(plainOps).filter(([name]) => !kept.includes(name)));
const composed = await counts({ ...ops, ...composedOps });
const own = await counts(ops);
const rows = Object.entries(own).map(([name, now]) => {
  const before = composed[name]!;
  return `| ${[name, before.programs, now.programs, before.ms.toFixed(0), now.ms.toFixed(0)].join(' | ')} |`;
});
const page = `# Programs of the webgpu engine

${machine()}. ${engine.describe().summary}
\`${['npx tsx bench/webgpu-programs.ts', ...process.argv.slice(2)].join(' ')}\`

${args.model}, 2 rows of 16 tokens, two queries; processor milliseconds, best of ${args.rounds}.

| | programs: composed by TF.js | own | processor ms | own |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
writeFileSync(join(import.meta.dirname, 'results', 'webgpu-programs.md'), page);
console.log(page);
process.exit(0);

/** Programs and time of each kind of work with these operations. */
async function counts(ops: Ops): Promise<Record<string, { programs: number; ms: number }>> {
  const model = await loadModel(Object.assign(Object.create(engine) as Engine, { ops }), args.model);
  const { vocabulary, layers } = model.config;
  const batch = new DeviceBatch(tokenBatch(batchFor({ vocabulary, batch: 2, length: 16 })), model.config);
  const { list, get } = model.parameters;
  const optimizer = new AdamW(model.engine);
  const settings = stepSettings({ rateFO: 1e-7, rateZO: 1e-7, queries: 2 });
  const partition = Partition.of(list, (p) => p.layer >= layers / 2);
  const work: Record<string, () => Promise<unknown>> = {
    forward: () => lossOf(model, get, batch),
    'forward + backward': async () =>
      tf.dispose([...(await lossAndGradients(model, get, batch, list)).gradients.values()]),
    'Hi-ZFO step': () => hiZfoStep({ model, partition, batch, settings, optimizer, seed: 1, step: 0 }),
  };
  const found: Record<string, { programs: number; ms: number }> = {};
  for (const [name, run] of Object.entries(work)) {
    await run(); // compiles
    let ms = Infinity;
    for (let round = 0; round < Number(args.rounds); round++) {
      programs = 0;
      const began = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(began);
      ms = Math.min(ms, (user + system) / 1000);
    }
    found[name] = { programs, ms };
  }
  batch.dispose();
  optimizer.dispose();
  model.dispose();
  return found;
}
