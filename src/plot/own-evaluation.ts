import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import { figureSpec, type FigureSpec } from './spec.ts';
import { NEUTRAL, axis, colours, escaped, faded, frame } from './theme.ts';
import { count, significant } from './words.ts';

/** How a model of one's own does on held-out batches. */
export interface OwnEvaluation {
  /** Steps done when it was made. */
  step: number;
  /** Mean loss over the examples. */
  loss: number;
  metric?: { name: string; value: number };
  batches: number;
  /** NaN where the batches do not tell. */
  examples: number;
}

/** Loss and metric as bars with their values. */
export function ownEvaluationFigure(e: OwnEvaluation): FigureSpec {
  const [names, values] = columns(e);
  const bars = {
    type: 'bar',
    orientation: 'h',
    y: names.map(escaped),
    x: values,
    text: values.map((x) => significant(x, 4)),
    textposition: 'outside',
    textfont: { color: NEUTRAL },
    cliponaxis: false,
    marker: { color: names.map((_, i) => (i === 0 ? colours.clean : faded(colours.clean, 0.45))) },
    hovertemplate: '%{y} %{text}<extra></extra>',
  };
  const title = names.map((name, i) => `${name} ${significant(values[i]!, 4)}`).join(', ');
  return figureSpec([bars], {
    ...frame({ title, subtitle: [where(e)], height: 170 + 40 * names.length, right: 60 }),
    bargap: 0.4,
    xaxis: axis('value', { rangemode: 'tozero' }),
    yaxis: axis('', { autorange: 'reversed', ticks: '', showgrid: false, type: 'category' }),
  });
}

/** One row a figure: name and value. */
export function ownEvaluationTable(e: OwnEvaluation): ColumnTable {
  const [name, value] = columns(e);
  return aq.table({ name, value });
}

/** Loss and metric in a line. */
export function ownEvaluationText(e: OwnEvaluation): string {
  const [names, values] = columns(e);
  return `${names.map((name, i) => `${name} ${significant(values[i]!, 4)}`).join(', ')} on ${where(e)}`;
}

function columns({ loss, metric }: OwnEvaluation): [string[], number[]] {
  return [
    ['loss', ...(metric ? [metric.name] : [])],
    [loss, ...(metric ? [metric.value] : [])],
  ];
}

function where({ examples, batches, step }: OwnEvaluation): string {
  const on = Number.isNaN(examples)
    ? count(batches, 'held-out batch', 'held-out batches')
    : count(examples, 'held-out example');
  return `${on} after ${count(step, 'step')}`;
}
