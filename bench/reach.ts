/**
 * What a profile costs when it measures only what a budget reaches: processor seconds and peak resident memory of the whole
 * profile and of `profile({ rho })`, each in a process of its own.
 *   npx tsx bench/reach.ts [--smollm2 .cache/smollm2/hf] [--engine wasm] [--threads 1] [--rho 0.42,0.5,0.6,0.8] [--rounds 3]
 * Processor seconds are those of the cheapest round, by all threads; the peak is that of the process after the first, the model included. Writes
 * bench/results/reach.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  AdamW,
  loadModel,
  openEngine,
  Partition,
  profileModel,
  reachOf,
  type EngineName,
  type Profile,
} from '../src/index.ts';
import { machine } from './machine.ts';
import { batchFor, benchModels, tokenBatch } from './engines/models.ts';

const { values: args } = parseArgs({
  options: {
    smollm2: { type: 'string', default: '.cache/smollm2/hf' },
    engine: { type: 'string', default: 'wasm' },
    threads: { type: 'string', default: '1' },
    rho: { type: 'string', default: '0.42,0.5,0.6,0.8' },
    rounds: { type: 'string', default: '3' },
    one: { type: 'string' },
  },
});

/** What one process found. */
interface Found {
  seconds: number;
  peak: number;
  tensors: number;
  reached: number;
  /** First-order tensors at the rho in question. */
  fo: string[];
}

if (args.one !== undefined) console.log(JSON.stringify(await measure(Number(args.one))));
else report();

/** Profiles for `rho` if it is a number, else every tensor. */
async function measure(rho: number): Promise<Found> {
  const engine = await openEngine(args.engine as EngineName, { threads: Number(args.threads) });
  await engine.activate();
  const bench = await benchModels('', args.smollm2).smollm2!();
  const model = await loadModel(engine, bench.folder);
  const optimizer = new AdamW(engine);
  const tokens = tokenBatch(batchFor(bench));
  const options = Number.isNaN(rho) ? {} : { reach: reachOf(rho) };
  let seconds = Infinity;
  let profile: Profile | undefined;
  let peak = 0;
  for (let round = 0; round < Number(args.rounds); round++) {
    const before = process.cpuUsage();
    profile = await profileModel(model, [tokens], (p, w, g) => optimizer.tried(p, w, g, 2e-5), options);
    const { user, system } = process.cpuUsage(before);
    seconds = Math.min(seconds, (user + system) / 1e6);
    if (round === 0) peak = process.resourceUsage().maxRSS * 1024;
  }
  const { entries } = profile!;
  return {
    seconds,
    peak,
    tensors: entries.length,
    reached: entries.filter((e) => e.reached).length,
    fo: rhos().flatMap((r) =>
      rho >= r || Number.isNaN(rho)
        ? [Partition.solve(profile!, { rho: r }).with('FO').map((p) => p.name).join()] // prettier-ignore
        : [],
    ),
  };
}

function rhos(): number[] {
  return args.rho.split(',').map(Number).sort((a, b) => a - b); // prettier-ignore
}

function report(): void {
  const whole = inProcess(NaN);
  const lines = rhos().map((rho) => {
    const found = inProcess(rho);
    found.fo.forEach((names, i) => {
      if (names !== whole.fo[i]) throw new Error(`rho ${rho} gives another partition at rho ${rhos()[i]}`);
    });
    const saved = (a: number, b: number) => `${Math.round(100 * (1 - a / b))}%`;
    return (
      `${row(`rho ${rho}`, found)} ${saved(found.seconds, whole.seconds)} | ` +
      `${saved(found.peak, whole.peak)} |`
    );
  });
  const text = `# Profiling what a budget reaches, SmolLM2-135M, batch of 4 x 128 tokens

${machine()}, engine ${args.engine}, ${args.threads} thread${args.threads === '1' ? '' : 's'}
\`npx tsx bench/reach.ts ${process.argv.slice(2).join(' ')}\`

Each line is a process of its own. Processor seconds of one profile (the cheapest of ${args.rounds}), peak resident memory of the process after one, with
the model in it, and what is saved of each beside the whole profile. Partitions at each rho were the same from every profile that serves it.
A rho that reaches every tensor does the work of the whole profile: what its line saves is noise.

| profile | tensors measured | processor seconds | peak, GB | seconds saved | peak saved |
| --- | --- | --- | --- | --- | --- |
${row('whole', whole)} | |
${lines.join('\n')}
`;
  mkdirSync(new URL('results', import.meta.url), { recursive: true });
  writeFileSync(new URL('results/reach.md', import.meta.url), text);
  console.log(text);
}

function row(name: string, { reached, tensors, seconds, peak }: Found): string {
  return `| ${name} | ${reached} of ${tensors} | ${seconds.toFixed(2)} | ${(peak / 1e9).toFixed(2)} |`;
}

function inProcess(rho: number): Found {
  const again = ['--import', 'tsx', import.meta.filename, ...process.argv.slice(2), '--one', String(rho)];
  const { stdout, stderr, status } = spawnSync(process.execPath, again, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Found;
}
