/**
 * A step on every engine that is here beside PyTorch, one run after the other in turn: npm run bench
 *   npm run bench -- [--only gpt,tiny,smollm2] [--smollm2 DIR] [--engines wasm,fast,native] [--threads 1,2] [--rounds 15]
 *                    [--items mezo,hi-zfo] [--patience 2] [--out engines] [--no-write]
 * webgpu is an engine for it as well; where no card is found and a renderer computes on the processor, take --only toy.
 * PyTorch is the python3 with torch that HI_ZFO_PYTHON names (default python3); without it the engines stand alone.
 * Writes bench/results/OUT.md, .json and .png.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Contender, type Request } from './engines/contender.ts';
import { batchFor, benchModels, type BenchModel } from './engines/models.ts';
import { quiet } from './engines/quiet.ts';
import { writeReport, type Comparison, type Timing } from './engines/report.ts';

const { values: args } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string', default: 'gpt,tiny,smollm2' },
    smollm2: { type: 'string', default: '.cache/smollm2/hf' },
    engines: { type: 'string', default: 'wasm,fast,native' },
    threads: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '15' },
    items: { type: 'string' },
    patience: { type: 'string', default: '2' },
    out: { type: 'string', default: 'engines' },
    write: { type: 'boolean', default: true },
  },
});
/** What is timed, by the name it has in the table. The large model first shows its peak, then its times. */
const items: Record<string, Request & { rho?: number }> = {
  forward: { item: 'forward' },
  'forward + backward': { item: 'gradients' },
  'AdamW step, all tensors': { item: 'adamw' },
  'MeZO step': { item: 'mezo' },
  'Hi-ZFO step, upper half FO': { item: 'hi-zfo' },
  'Hi-ZFO step, rho 0.6': { item: 'hi-zfo', rho: 0.6 },
  'noise, a million': { item: 'noise' },
};
const python = process.env.HI_ZFO_PYTHON ?? 'python3';
/** Seconds that a round waits for others to leave the machine alone. */
const patience = Number(args.patience);
const most = Math.max(...args.threads.split(',').map(Number));
const calm = { rounds: 0, quiet: 0 };
const scratch = await mkdtemp(join(tmpdir(), 'hi-zfo-bench-'));
const comparisons: Comparison[] = [];
try {
  for (const name of args.only.split(',')) {
    const model = await benchModels(scratch, args.smollm2)[name]?.();
    if (!model) throw new Error(`--only ${name}: take gpt, tiny, toy or smollm2.`);
    if (!existsSync(model.folder)) {
      console.log(`${name}: ${model.folder} is not here; give its folder with --smollm2. Left out.`);
      continue;
    }
    for (const threads of args.threads.split(',').map(Number)) {
      const comparison = await compare(model, threads);
      comparisons.push(comparison);
      console.log(comparison.timings.map((t) => `${t.item}  ${t.engine}  ${t.best.toFixed(1)}`).join('\n'));
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
await writeReport(comparisons, calm, process.argv.slice(2), args.write ? args.out : undefined);

/** Every item of one model on every engine, and the peak of each step in a process of its own. */
async function compare(model: BenchModel, threads: number): Promise<Comparison> {
  const starts = starters(model, threads);
  const contenders = new Map<string, Contender>();
  for (const [engine, start] of starts) {
    try {
      contenders.set(engine, await start());
    } catch (error) {
      console.log(`${engine} is not here: ${(error as Error).message}`);
    }
  }
  const timings: Timing[] = [];
  try {
    agree(contenders);
    const ours = [...contenders].find(([engine]) => engine !== 'PyTorch')![1];
    const wanted = Object.entries(items).filter(
      ([, { item }]) => !args.items || args.items.split(',').includes(item),
    );
    for (const [name, { item, rho }] of wanted) {
      const fo = item === 'hi-zfo' ? (rho ? await ours.partition(rho) : model.upperHalf) : undefined;
      const request: Request = { item, ...(fo && { fo }) };
      const times = new Map([...contenders.keys()].map((engine) => [engine, [] as number[]]));
      const rounds = Math.max(2, Math.round(Number(args.rounds) * model.rounds));
      for (let round = -1; round < rounds; round++) {
        calm.rounds++;
        calm.quiet += Number(await quiet(patience));
        for (const [engine, contender] of contenders) {
          const ms = await contender.time(request);
          if (round >= 0) times.get(engine)!.push(ms); // the first warms up
        }
      }
      for (const [engine, all] of times) {
        const sorted = all.sort((a, b) => a - b);
        const median = sorted[Math.floor(sorted.length / 2)]!;
        timings.push({ item: name, engine, best: sorted[0]!, median, peak: NaN, request });
      }
    }
    const whats = Object.fromEntries([...contenders].map(([engine, { what }]) => [engine, what]));
    for (const contender of contenders.values()) await contender.stop();
    const peaks = threads === most ? timings.filter(({ request: r }) => r.item !== 'noise') : [];
    for (const timing of peaks) {
      const alone = await starts.get(timing.engine)!();
      for (let i = 0; i < 2; i++) await alone.time(timing.request);
      timing.peak = await alone.peak();
      await alone.stop();
    }
    return { model: model.title, threads, whats, timings };
  } finally {
    for (const contender of contenders.values()) await contender.stop();
  }
}

/** How each side is started; PyTorch comes first where it is. */
function starters(model: BenchModel, threads: number): Map<string, () => Promise<Contender>> {
  const batch = batchFor(model);
  const starts = new Map<string, () => Promise<Contender>>();
  if (hasTorch())
    starts.set('PyTorch', () =>
      Contender.start([python, 'bench/peer/train.py', model.folder, String(threads)], batch),
    );
  for (const engine of args.engines.split(',')) {
    const command = [process.execPath, '--import', 'tsx', 'bench/engines/ours.ts'];
    // TensorFlow takes its number of threads from here.
    const env = { TF_NUM_INTRAOP_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
    starts.set(engine, () =>
      Contender.start([...command, model.folder, engine, String(threads)], batch, env),
    );
  }
  return starts;
}

/** All sides compute the same: their losses of the batch are one. */
function agree(contenders: Map<string, Contender>): void {
  const losses = [...contenders].map(([engine, { loss }]) => [engine, loss] as const);
  const [, first] = losses[0]!;
  const far = losses.find(([, loss]) => Math.abs(loss - first) > 1e-4 * first);
  if (far) throw new Error(`Losses of the same batch differ: ${losses.map((l) => l.join(' ')).join(', ')}`);
}

function hasTorch(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch, transformers'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
