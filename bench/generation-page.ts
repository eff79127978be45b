/** The study's page and picture. */
import { renderPng } from '../src/plot/still/index.ts';
import { routesFigure, type RoutesSeries } from '../src/plot/index.ts';
import { amount, plusMinus, significant } from '../src/plot/words.ts';
import type { Measured, Routes, VarianceReport } from '../src/variance/index.ts';

/** One cell in one state of the weights. */
export interface StudyPoint {
  /** Steps of fine-tuning before it. */
  state: number;
  name: string;
  seconds: number;
  routes: Routes;
}

/** What the study's json holds. */
export interface Study {
  machine: string;
  setting: Record<string, unknown>;
  examples: string[];
  seconds: number;
  points: StudyPoint[];
}

const modelName = ({ model }: Study['setting']) => (model === 'tiny' ? 'the tiny model' : 'SmolLM2-135M');
const stateName = (state: number) => (state === 0 ? 'as it comes' : `after ${state} steps`);
const text = ({ mean, standardError }: Measured) =>
  Number.isFinite(mean) ? plusMinus(mean, standardError) : '-';
const over = ({ mean, standardError }: Measured, by: number): Measured => ({ mean: mean / by, standardError: standardError / by }); // prettier-ignore

/** A cell in a line, for the terminal. */
export function lineOf(r: Omit<Routes, 'reports'>): string {
  return [
    `loss ${significant(r.loss.mean)}`,
    `|g| ${text(r.gradientNorm)}`,
    `direction/law ${text(over(r.variance, r.varianceLaw))}`,
    `nu ${text(r.noise.ratio)}`,
    `K ${text(r.K)}`,
    `tr H ${text(r.trace)}`,
    `slow-down ${text(r.slowdown)}`,
    `steps for 1% ${text(r.stepsForPercent)}`,
  ].join(', ');
}

const columns: readonly [string, (r: Routes) => string][] = [
  ['loss', (r) => text(r.loss)],
  ['\\|g\\|', (r) => text(r.gradientNorm)],
  ['direction / law', (r) => text(over(r.variance, r.varianceLaw))],
  ['cosine · √d', (r) => text(over(r.cosine, r.cosineLaw))],
  ['ν', (r) => text(r.noise.ratio)],
  ['K', (r) => text(r.K)],
  ['rounding', (r) => significant(r.rounding, 2)],
  ['tr H', (r) => text(r.trace)],
  ['gᵀHg / \\|g\\|²', (r) => text(r.along)],
  ['λ_max', (r) => significant(r.largest)],
  ['r = tr H / λ_max', (r) => text(over(r.trace, r.largest))],
  ['slow-down', (r) => text(r.slowdown)],
  ['steps for 1%', (r) => text(r.stepsForPercent)],
  ['¼ step, of the best (law 0.4375)', (r) => (r.tried ? text(r.tried.decrease) : '-')],
];

/** The study as a page: a table for each state of the weights. */
export function studyPage({ machine, setting, examples, seconds, points }: Study, command: string): string {
  const [{ routes: any }] = points as [StudyPoint];
  const states = [...new Set(points.map((p) => p.state))];
  const tables = states.flatMap((state) => [
    `## ${state === 0 ? 'The model as it comes' : `After ${state} steps of fine-tuning`}`,
    '',
    `| supervised | ${columns.map(([name]) => name).join(' | ')} |`,
    `| ${['', ...columns].map(() => '---').join(' | ')} |`,
    ...points.filter((p) => p.state === state).map((p) => `| ${[p.name, ...columns.map(([, of]) => of(p.routes))].join(' | ')} |`), // prettier-ignore
    '',
  ]);
  return [
    `# Generation against classification: ${modelName(setting)}`,
    '',
    machine,
    `\`${command}\`, ${Math.round(seconds / 60)} minutes of measuring (shared machine).`,
    '',
    `${any.batches} batches of ${String(setting.rows)} held-out rows, ${any.draws} one-sided Gaussian draws on each, epsilon ${any.settings.epsilon}, q = 1; ` +
      `${amount(any.dimension)} values move (the ${String(setting.layers)} upper layers, the same that fine-tuning trains). ± one standard error, over batches.`,
    'What the columns are: docs/generation-and-classification.md. A dash: no signal above the noise, or a loss that bends down on average.',
    '',
    'Two rows, with prompt, label word and text:',
    '',
    '```',
    ...examples,
    '```',
    '',
    ...tables,
  ].join('\n');
}

/** The study as a picture. */
export function drawStudy({ setting, points }: Study): Promise<Buffer> {
  const states = [...new Set(points.map((p) => p.state))];
  const series: RoutesSeries = Object.fromEntries(
    states.map((state) => [
      stateName(state),
      {
        axis: '',
        points: points.filter((p) => p.state === state).map(({ name, routes }) => ({ value: name, report: {} as VarianceReport, routes })), // prettier-ignore
      },
    ]),
  );
  const spec = routesFigure(series, {
    title: `What is supervised, and what it costs ZO: ${modelName(setting)}`,
  });
  return renderPng({ ...spec, layout: { ...spec.layout, paper_bgcolor: '#ffffff' } }, { width: 860, height: Number(spec.layout.height) }); // prettier-ignore
}
