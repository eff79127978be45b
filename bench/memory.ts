/**
 * Peak memory and time of a Hi-ZFO step: as it is, with its layers recomputed, and a quarter of its rows at a time: npx tsx bench/memory.ts
 *   npx tsx bench/memory.ts [--model .cache/smollm2/hf] [--batch 4,16] [--length 128] [--rho 0.6,1] [--steps 2] [--engine wasm]
 *                           [--threads 2] [--no-write]
 * Each figure comes from a process of its own. Said: `stepMemory`; allocated: counted at the wasm heap; resident: the process at its
 * peak. Time is the processor's, all threads together, of the best step; so other work on the machine moves it little.
 * Writes bench/results/memory.md.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngine, type EngineName } from '../src/engine/index.ts';
import { inPieces, loadModel } from '../src/model/index.ts';
import { AdamW } from '../src/optimize/index.ts';
import { Partition } from '../src/partition/index.ts';
import { profileModel, type TrialStep } from '../src/profile/index.ts';
import { hiZfoStep, stepCost, stepMemory, stepSettings, type StepOptions } from '../src/train/index.ts';
import { heapPeak } from '../test/heap-peak.ts';
import { batchFor, tokenBatch } from './engines/models.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  allowNegative: true,
  options: {
    model: { type: 'string', default: '.cache/smollm2/hf' },
    batch: { type: 'string', default: '4,16' },
    length: { type: 'string', default: '128' },
    rho: { type: 'string', default: '0.6,1' },
    steps: { type: 'string', default: '2' },
    engine: { type: 'string', default: 'wasm' },
    threads: { type: 'string', default: '2' },
    write: { type: 'boolean', default: true },
    task: { type: 'string' },
  },
});
const [length, steps] = [Number(args.length), Number(args.steps)];
const batches = args.batch.split(',').map(Number);
const RATE = 1e-7;

/** What keeps the peak low. */
type How = Pick<StepOptions, 'recompute' | 'microBatch'>;
/** What one process is asked. */
type Task = { batch: number } & ({ profile: number[] } | { fo: string[]; how: How });
/** And answers for a partition. */
interface Measured {
  said: number;
  allocated: number;
  resident: number;
  seconds: number;
  flops: number;
}

if (args.task !== undefined) console.log(JSON.stringify(await answer(JSON.parse(args.task) as Task)));
else report();

function report(): void {
  const rhos = args.rho.split(',').map(Number);
  const labels = ask<string[][]>({ batch: batches[0]!, profile: rhos });
  const lines: string[] = [];
  for (const batch of batches)
    for (const [i, rho] of rhos.entries())
      for (const how of [{}, { recompute: true }, { microBatch: Math.ceil(batch / 4) }] satisfies How[]) {
        const fo = labels[i]!;
        const { said, allocated, resident, seconds, flops } = ask<Measured>({ batch, fo, how });
        const bytes = [said, allocated, resident].map((n) => (n / 1e9).toFixed(2));
        const words = Object.entries(how).map(([name, value]) => `${name}: ${value}`);
        const cells = [batch, rho, words.join(), fo.length, ...bytes, seconds.toFixed(1), (flops / 1e12).toFixed(2)]; // prettier-ignore
        lines.push(`| ${cells.join(' | ')} |`);
        console.log(lines.at(-1));
      }
  const page = `# Memory of a step, with recomputation, and in pieces

${machine()}. ${basename(args.model) === 'hf' ? 'SmolLM2-135M' : basename(args.model)}, rows of ${length} tokens, all supervised, engine ${args.engine},
${args.threads} threads. \`${['npx tsx bench/memory.ts', ...process.argv.slice(2)].join(' ')}\`

| rows | rho | setting | FO tensors | GB said | GB allocated | GB resident | processor seconds a step | teraflops a step |
| ---- | --- | ------- | ---------- | ------- | ------------ | ----------- | ------------------------ | ---------------- |
${lines.join('\n')}

Said: \`stepMemory\` before the step. Allocated: tensors and scratch on the wasm heap. Resident: the process, Node and the freed pieces of the heap
included. Seconds of all threads together, best of ${steps} steps. The labels are those of a profile on the first number of rows.
`;
  if (args.write) writeFileSync(join(import.meta.dirname, 'results', 'memory.md'), page);
}

/** Has a task done in a process of its own. */
function ask<T>(task: Task): T {
  const given = [
    '--import',
    'tsx',
    import.meta.filename,
    ...process.argv.slice(2),
    '--task',
    JSON.stringify(task),
  ];
  const { status, stdout } = spawnSync(process.execPath, given, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`A process of the measurement ended with ${status}.`);
  return JSON.parse(stdout) as T;
}

async function answer(task: Task): Promise<string[][] | Measured> {
  const engine = await openEngine(args.engine as EngineName, { threads: Number(args.threads) });
  await engine.activate();
  const model = await loadModel(engine, args.model);
  const { vocabulary } = model.config;
  const tokens = tokenBatch(batchFor({ vocabulary, batch: task.batch, length }));
  const optimizer = new AdamW(engine);
  if ('profile' in task) {
    const trial: TrialStep = (p, w, g) => optimizer.tried(p, w, g, 2e-5);
    const profile = await profileModel(model, [tokens], trial, { recompute: true });
    return task.profile.map((rho) => Partition.solve(profile, { rho }).with('FO').map((p) => p.name)); // prettier-ignore
  }
  const partition = Partition.of(model.parameters.list, task.fo);
  const settings = stepSettings({ rateFO: RATE, rateZO: RATE, ...task.how });
  const trained = inPieces(model, settings.microBatch);
  const batch = await trained.prepare(tokens);
  let best = Infinity;
  const allocated = await heapPeak(model.parameters.list.map(model.parameters.get), async () => {
    for (let step = 0; step < steps; step++) {
      const began = process.cpuUsage();
      await hiZfoStep({ model: trained, partition, batch, settings, optimizer, seed: 1, step });
      const { user, system } = process.cpuUsage(began);
      best = Math.min(best, (user + system) / 1e6);
    }
  });
  const size = { batch: task.batch, length, supervised: tokens.targets.length };
  return {
    said: stepMemory(model, partition, settings, size).peak,
    allocated,
    resident: peakResident(),
    seconds: best,
    flops: stepCost(model, partition, settings, batch).flops,
  };
}

/** Highest resident size so far; the kernel keeps it, so nothing is missed between two looks. */
function peakResident(): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]);
  } catch {
    return 1024 * process.resourceUsage().maxRSS; // elsewhere than on Linux
  }
}
