/**
 * Hi-ZFO beside full fine-tuning, ZO only and the same partition frozen, on the tiny model: one table, at equal steps and
 * at equal FLOPs (those of Hi-ZFO), mean and spread over seeds.
 *   npx tsx bench/compare.ts [--task dialogue-summary] [--steps 150] [--seeds 3] [--examples 64] [--model tiny]
 * Writes bench/results/compare-TASK.md and .json. Whatever comes out is what is reported.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { methods, open, type MethodName, type Session } from '../src/index.ts';
import { machine, meanAndSpread } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    task: { type: 'string', default: 'dialogue-summary' },
    steps: { type: 'string', default: '150' },
    seeds: { type: 'string', default: '3' },
    examples: { type: 'string', default: '64' },
    model: { type: 'string', default: 'tiny' },
  },
});
const [steps, seeds, examples] = [args.steps, args.seeds, args.examples].map(Number) as [
  number,
  number,
  number,
];
// Hi-ZFO first: its FLOPs are the budget of the others
const compared: MethodName[] = ['hi-zfo', 'full', 'zo', 'frozen'];

interface Point {
  score: number;
  loss: number;
  steps: number;
  teraflops: number;
  seconds: number;
}
interface Run {
  method: MethodName;
  seed: number;
  before: Point;
  equalSteps: Point;
  equalFlops: Point;
}

const runs: Run[] = [];
let metric = 'score';
for (let seed = 0; seed < seeds; seed++) {
  let budget = Infinity;
  for (const method of compared) {
    const s = await open({ model: args.model, task: args.task, method, seed, show: false });
    const before = await point(s);
    await s.run(steps);
    const equalSteps = await point(s);
    if (method === 'hi-zfo') budget = equalSteps.teraflops;
    while ((s.history.data.rows.at(-1)?.flops ?? 0) / 1e12 < budget) await s.step();
    const equalFlops = s.steps === steps ? equalSteps : await point(s);
    runs.push({ method, seed, before, equalSteps, equalFlops });
    console.log(
      `seed ${seed}  ${method.padEnd(7)} ${metric} ${before.score.toFixed(3)} -> ${equalSteps.score.toFixed(3)} at ${steps} steps ` +
        `(${equalSteps.seconds.toFixed(0)} s), ${equalFlops.score.toFixed(3)} at ${equalFlops.steps} steps of equal FLOPs`,
    );
    await s.close();
  }
}

const of = (method: MethodName, at: 'before' | 'equalSteps' | 'equalFlops', key: keyof Point) => {
  const { mean, spread } = meanAndSpread(runs.filter((r) => r.method === method).map((r) => r[at][key]));
  return `${mean.toFixed(3)} ± ${spread.toFixed(3)}`;
};
const flat = (method: MethodName, at: 'equalSteps' | 'equalFlops', key: keyof Point) =>
  meanAndSpread(runs.filter((r) => r.method === method).map((r) => r[at][key])).mean;
const lines = [
  `# ${args.task} on the tiny model: four methods`,
  '',
  `${machine()}`,
  `\`npx tsx bench/compare.ts --task ${args.task} --steps ${steps} --seeds ${seeds} --examples ${examples}\``,
  '',
  `${metric} and loss of ${examples} held-out examples, mean ± standard deviation over ${seeds} seeds. Before training: ` +
    `${metric} ${of('hi-zfo', 'before', 'score')}, loss ${of('hi-zfo', 'before', 'loss')}.`,
  '',
  `| method | ${metric}, ${steps} steps | loss | seconds | TFLOP | ${metric}, equal FLOPs | loss | steps |`,
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ...compared.map(
    (m) =>
      `| ${methods[m].title} | ${of(m, 'equalSteps', 'score')} | ${of(m, 'equalSteps', 'loss')} | ` +
      `${flat(m, 'equalSteps', 'seconds').toFixed(0)} | ${flat(m, 'equalSteps', 'teraflops').toFixed(2)} | ` +
      `${of(m, 'equalFlops', 'score')} | ${of(m, 'equalFlops', 'loss')} | ${flat(m, 'equalFlops', 'steps').toFixed(0)} |`,
  ),
  '',
];
mkdirSync('bench/results', { recursive: true });
writeFileSync(`bench/results/compare-${args.task}.md`, lines.join('\n'));
writeFileSync(
  `bench/results/compare-${args.task}.json`,
  JSON.stringify({ machine: machine(), args, metric, runs }, null, 1) + '\n',
);
console.log(lines.join('\n'));

async function point(s: Session): Promise<Point> {
  const { scores, loss } = (await s.evaluate({ examples })).data;
  metric = scores.primary;
  const last = s.history.data.rows.at(-1);
  return {
    score: scores.values[scores.primary]!,
    loss,
    steps: s.steps,
    teraflops: (last?.flops ?? 0) / 1e12,
    seconds: last?.seconds ?? 0,
  };
}
