import { mkdirSync, writeFileSync } from 'node:fs';
import { estimate, methods } from '../src/index.ts';
import { plusMinus, significant } from '../src/plot/words.ts';
import { correlation, pairedDifference, withinGroups } from './paired.ts';
import { drawStochasticity } from './stochasticity-figure.ts';
import { compared, type StochasticityRun } from './stochasticity-run.ts';

/** What bench/results/stochasticity-TASK.json holds. */
export interface StoredRuns {
  machine: string;
  setting: { task: string; steps: number; train: number; rows: number; examples: number; spread: number };
  runs: StochasticityRun[];
}

/** A column of the tables, in words and as a key. */
type Column = [string, keyof StochasticityRun];

/** Writes the table and the figure; a pair is two runs of a seed that are both there. */
export async function writePage({ machine, setting, runs }: StoredRuns, command: string): Promise<void> {
  const seedsOf = (method: string) => runs.filter((r) => r.method === method).map((r) => r.seed);
  const of = (method: string, key: keyof StochasticityRun, seeds = seedsOf(method)) =>
    seeds.map((seed) => runs.find((r) => r.method === method && r.seed === seed)![key] as number);
  const metric = runs[0]!.metric;
  const unequal = compared.some((m) => seedsOf(m).length < seedsOf(compared[0]).length);
  const columns: Column[] = [
    ['train loss', 'trainLoss'],
    ['held-out loss', 'loss'],
    [metric, 'score'],
    ['tr H', 'trace'],
    ['λ max', 'largest'],
    ['rise, 5%', 'rise'],
    ['ascent, 5%', 'ascent'],
    [`rise, ${setting.spread} u`, 'spreadRise'],
  ];
  const head = (names: string[]) => [`| ${names.join(' | ')} |`, `|${' --- |'.repeat(names.length)}`];
  const mean = (method: string, key: keyof StochasticityRun) => {
    const { mean: m, standardError } = estimate(of(method, key));
    return plusMinus(m, standardError);
  };
  const difference = (method: string, key: keyof StochasticityRun) => {
    const seeds = seedsOf('hi-zfo').filter((seed) => seedsOf(method).includes(seed));
    if (seeds.length < 2) return 'n/a';
    const d = pairedDifference(of('hi-zfo', key, seeds), of(method, key, seeds));
    const text = `${significant(d.mean, 2)} ± ${significant(d.half, 2)}`;
    return d.clear ? `**${text}**` : text;
  };
  const groups = runs.map((r) => r.method);
  const all = (key: keyof StochasticityRun) => runs.map((r) => r[key] as number);
  const sharpness = columns.filter(([, key]) => ['trace', 'largest', 'rise', 'ascent', 'spreadRise'].includes(key)); // prettier-ignore
  const related = (key: keyof StochasticityRun, other: 'loss' | 'score') => [
    correlation(all(key), all(other)).toFixed(2),
    correlation(withinGroups(all(key), groups), withinGroups(all(other), groups)).toFixed(2),
  ];
  const lines = [
    `# Sharpness at the end of training, ${setting.task}`,
    '',
    machine,
    `\`${command}\``,
    '',
    `Tiny model, ${setting.train} training examples, ${setting.steps} steps with rates falling to 0, one run a seed; mean ± standard error. Held out: ${setting.examples}`,
    `examples. Curvature and rises of the training loss over all tensors, on ${setting.rows} training rows: by Hutchinson and Lanczos, under random displacements of`,
    `5% of each tensor's norm, along the gradient at that length, and under ${setting.spread} times a Gaussian.`,
    '',
    ...head(['method', 'runs', ...columns.map(([name]) => name)]),
    ...compared.map(
      (m) =>
        `| ${[methods[m].title, seedsOf(m).length, ...columns.map(([, key]) => mean(m, key))].join(' | ')} |`,
    ),
    '',
    ...(unequal ? ['Not all runs are there yet: the command makes those that are missing.', ''] : []),
    'Hi-ZFO less the others, pair by pair of the same seed, with the half width of the 95% interval (Student); bold where it leaves out 0:',
    '',
    ...head(['Hi-ZFO less', ...columns.map(([name]) => name)]),
    ...compared
      .slice(1)
      .map((m) => `| ${[methods[m].title, ...columns.map(([, key]) => difference(m, key))].join(' | ')} |`),
    '',
    `Correlation over the ${runs.length} runs, and with each method's mean taken out:`,
    '',
    ...head(['sharpness', 'held-out loss', 'within methods', metric, 'within methods']),
    ...sharpness.map(([name, key]) => `| ${[name, ...related(key, 'loss'), ...related(key, 'score')].join(' | ')} |`), // prettier-ignore
    '',
    "What is not FO in Hi-ZFO's partition (in every method the same tensors): its curvature, what epsilon 1e-3 smooths, (ε²/2) tr H, the largest ZO rate at",
    'which steps are stable by the second moment, 2 / (tr H + 2 λ max), and how far it was moved, beside the FO tensors:',
    '',
    ...head(['method', 'tr H of the rest', 'smoothing', 'stable below', 'rest moved', 'FO moved']),
    ...compared.map((m) => {
      const trace = estimate(of(m, 'traceRest')).mean;
      const largest = estimate(of(m, 'largest')).mean;
      const cells = [significant((1e-6 / 2) * trace, 2), significant(2 / (trace + 2 * largest), 2)];
      return `| ${[methods[m].title, mean(m, 'traceRest'), ...cells, mean(m, 'movedRest'), mean(m, 'movedFO')].join(' | ')} |`;
    }),
    '',
  ];
  const path = `bench/results/stochasticity-${setting.task}.md`;
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(path, lines.join('\n'));
  console.log(lines.join('\n'));
  await drawStochasticity(runs, metric, `docs/figures/stochasticity-${setting.task}.png`);
}
