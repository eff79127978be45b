import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { Evaluation } from '../train/index.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { NEUTRAL, axis, colours, escaped, faded, frame } from './theme.ts';
import { clipped, count, percent, significant } from './words.ts';

const SAMPLES = 3;
const LENGTH = 100;

/** Scores as bars from 0 to 100%, the primary one in full colour. */
export function evaluationFigure({ scores, step, loss, examples }: Evaluation): FigureSpec {
  const entries = Object.entries(scores.values);
  return figureSpec(
    [
      {
        type: 'bar',
        orientation: 'h',
        y: entries.map(([name]) => escaped(name)),
        x: entries.map(([, value]) => 100 * value),
        text: entries.map(([, value]) => percent(value)),
        textposition: 'outside',
        textfont: { color: NEUTRAL },
        cliponaxis: false,
        marker: {
          color: entries.map(([name]) =>
            name === scores.primary ? colours.clean : faded(colours.clean, 0.45),
          ),
        },
        hovertemplate: '%{y} %{text}<extra></extra>',
      },
    ],
    {
      ...frame({
        title: `${scores.primary} ${percent(scores.values[scores.primary] ?? NaN)}`,
        subtitle: [
          `${count(examples.length, 'held-out example')} after ${count(step, 'step')} · loss ${significant(loss, 4)}`,
        ],
        height: 170 + 40 * entries.length,
        right: 60,
      }),
      bargap: 0.4,
      xaxis: axis('score (%)', { range: [0, 100] }),
      yaxis: axis('', { autorange: 'reversed', ticks: '', showgrid: false, type: 'category' }),
    },
  );
}

/** One row an example: prompt, output, references (one a line), primary score. */
export function evaluationTable({ examples, outputs, scores }: Evaluation): ColumnTable {
  return aq.table({
    prompt: examples.map((e) => e.prompt),
    output: [...outputs],
    reference: examples.map((e) => (e.references ?? [e.completion]).join('\n')),
    score: [...scores.each],
  });
}

/** Scores and the first samples. */
export function evaluationText({ scores, step, loss, examples, outputs }: Evaluation): string {
  const all = Object.entries(scores.values).map(([name, value]) => `${name} ${percent(value)}`);
  const samples = examples
    .slice(0, SAMPLES)
    .flatMap((e, i) => [
      `  prompt    ${clipped(e.prompt, LENGTH)}`,
      `  output    ${clipped(outputs[i] ?? '', LENGTH)}`,
      `  reference ${clipped(e.references?.[0] ?? e.completion, LENGTH)}`,
      `  score     ${percent(scores.each[i] ?? NaN)}`,
    ]);
  return [
    `${all.join(', ')} on ${count(examples.length, 'held-out example')} after ${count(step, 'step')} (loss ${significant(loss, 4)}).`,
    ...samples,
  ].join('\n');
}
