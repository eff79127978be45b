/**
 * Are ZO estimates worse in generation than in classification? One model and the same moved tensors on a label task, on a generation
 * task, and on that task with its output cut to n tokens; the three routes by which a task can matter (docs/theory.md): mini-batch noise
 * tr Sigma / (B |g|^2), curvature, and rounding, beside the direction's own part, which is the same for all.
 *   npx tsx bench/generation.ts [--model tiny] [--steps 32] [--draws 64] [--rows 4] [--batches 8] [--outputs 1,2,4,8]
 * `--steps` trains the model fully on each task first (0: as it comes). Writes bench/results/generation.md. Whatever comes out is reported.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DeviceBatch, type TokenBatch } from '../src/model/index.ts';
import { open } from '../src/index.ts';
import { plusMinus, significant } from '../src/plot/words.ts';
import {
  firstRows,
  firstTargets,
  measureBatchNoise,
  measureCurvature,
  measureRounding,
  measureVariance,
  modelObjective,
  roundingLaw,
  type Measured,
} from '../src/variance/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'tiny' },
    steps: { type: 'string', default: '32' },
    draws: { type: 'string', default: '64' },
    rows: { type: 'string', default: '4' },
    batches: { type: 'string', default: '8' },
    outputs: { type: 'string', default: '1,2,4,8' },
  },
});
const [steps, draws, rows, count] = [args.steps, args.draws, args.rows, args.batches].map(Number) as [number, number, number, number]; // prettier-ignore
const outputs = args.outputs.split(',').map(Number);
const lines: string[] = [];
for (const task of ['label', 'dialogue-summary']) {
  const s = await open({ model: args.model, task, method: 'full', seed: 1, show: false });
  for (let i = 0; i < steps; i++) await s.step();
  const { model } = s;
  const upper = model.parameters.list.filter((p) => p.layer >= model.config.layers / 2);
  const batches = Array.from({ length: count }, (_, i) => firstRows(s.source.at(1000 + i), rows));
  const cuts: [string, (b: TokenBatch) => TokenBatch][] =
    task === 'label'
      ? [['label, whole answer', (b) => b]]
      : [...outputs.map((n): [string, (b: TokenBatch) => TokenBatch] => [`summary, first ${n}`, (b) => firstTargets(b, n)]), ['summary, whole', (b) => b]]; // prettier-ignore
  for (const [name, cut] of cuts) {
    const made = batches.map((b) => new DeviceBatch(cut(b), model.config));
    const on = made.map((b) => modelObjective(model, b, upper));
    const report = await measureVariance(on[0]!, { draws, queries: [1] });
    const noise = await measureBatchNoise(on);
    const { trace, frobenius2 } = await measureCurvature(on[0]!, { probes: 4, steps: 4 });
    const rounding = await measureRounding(on[0]!, { lines: 3 });
    const K = roundingLaw(rounding.loss.mean, 1e-3, report.gradientNorm ** 2, 'one-sided');
    const row = report.rows[0]!;
    const cells = [
      name,
      significant(report.loss),
      significant(report.gradientNorm),
      text(row.variance),
      significant(row.law - 1, 4),
      text(report.curvature),
      text(trace),
      text(frobenius2),
      significant(K, 2),
      text(noise.signal),
      text(noise.noise),
      Number.isFinite(noise.ratio.mean) ? text(noise.ratio) : 'no signal',
    ];
    lines.push(`| ${cells.join(' | ')} |`);
    console.log(lines.at(-1));
    made.forEach((b) => b.dispose());
  }
  await s.close();
}
const command = Object.entries(args).map(([k, v]) => `--${k} ${v}`).join(' '); // prettier-ignore
const page = [
  '# ZO estimates in generation and in classification',
  '',
  machine(),
  `\`npx tsx bench/generation.ts ${command}\``,
  '',
  `Upper half of the layers, one-sided, Gaussian, epsilon 1e-3, batches of ${rows} rows, after ${steps} steps of full fine-tuning on the task.`,
  'Variance and its law (direction alone) are relative to |g|² of one batch; K is what curvature and rounding add to c²/|g|²; the last three',
  `columns are |g|² of the whole data free of bias, tr Σ / B, and their ratio, from ${count} batches. ± one standard error.`,
  '',
  '| task | loss | \\|g\\| | variance | law | K | tr H | \\|H\\|² | K of rounding | signal | noise | ratio ν |',
  `| ${Array(12).fill('---').join(' | ')} |`,
  ...lines,
  '',
].join('\n');
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/generation.md', page);
console.log(page);

function text({ mean, standardError }: Measured): string {
  return plusMinus(mean, standardError);
}
