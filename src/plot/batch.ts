import * as aq from 'arquero';
import type { ColumnTable } from 'arquero';
import type { BatchRow } from '../data/index.ts';
import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, colours, escaped, faded, frame, legendNames, NEUTRAL } from './theme.ts';
import { count } from './words.ts';

/** Training examples of one step, and where their loss is taken. */
export interface BatchReport {
  /** Step that trains on them, from 0. */
  step: number;
  /** Name of the task. */
  task: string;
  rows: readonly BatchRow[];
}

/** Characters of a part that is given, at most; the end stays. */
const GIVEN = 240;
const LEARNT = 600;

const total = (rows: readonly BatchRow[], of: (row: BatchRow) => number): number =>
  rows.reduce((sum, row) => sum + of(row), 0);

function inWords({ rows, step, task }: BatchReport): string {
  const supervised = total(rows, (r) => r.supervised);
  const all = total(rows, (r) => r.tokens);
  return (
    `${task}, batch of step ${step}: ${count(rows.length, 'row')}, ${count(all, 'token')}, ` +
    `${supervised} of them supervised, ${total(rows, (r) => r.padding)} padding`
  );
}

/** Tokens of each row as stacked bars: given, supervised, padding. */
export function batchFigure(report: BatchReport): FigureSpec {
  const { rows } = report;
  const names = rows.map((_, i) => `row ${i + 1}`);
  const bar = (name: string, of: (row: BatchRow) => number, color: string) => ({
    type: 'bar',
    orientation: 'h',
    name,
    y: names,
    x: rows.map(of),
    marker: { color },
    hovertemplate: `%{y}: %{x} ${name}<extra></extra>`,
  });
  const data = [
    bar('given', (r) => r.tokens - r.supervised, faded(NEUTRAL, 0.5)),
    bar('supervised', (r) => r.supervised, colours.clean),
    bar('padding', (r) => r.padding, faded(NEUTRAL, 0.15)),
  ];
  return figureSpec(data, {
    ...frame({ title: inWords(report), height: 190 + 30 * rows.length, legend: legendNames(data) }),
    barmode: 'stack',
    xaxis: axis('tokens'),
    yaxis: axis('', { autorange: 'reversed', ticks: '', showgrid: false, type: 'category' }),
  });
}

/** One row an example: what is given, what is learnt, and the numbers of tokens. */
export function batchTable({ rows }: BatchReport): ColumnTable {
  const text = (row: BatchRow, supervised: boolean) =>
    row.parts
      .filter((p) => p.supervised === supervised)
      .map((p) => p.text)
      .join(' … ');
  return aq.table({
    given: rows.map((r) => text(r, false)),
    supervised: rows.map((r) => text(r, true)),
    tokens: rows.map((r) => r.tokens),
    supervisedTokens: rows.map((r) => r.supervised),
    padding: rows.map((r) => r.padding),
  });
}

/** The rows as text: supervised parts stand in ⟦ ⟧, ⏹ is the end token. */
export function batchText(report: BatchReport): string {
  const part = (text: string, most: number) => (text.length <= most ? text : `…${text.slice(-most)}`);
  const rows = report.rows.map((row, i) => {
    const parts = row.parts.map((p) => (p.supervised ? `⟦${part(p.text, LEARNT)}⟧` : part(p.text, GIVEN)));
    const head = `row ${i + 1}: ${row.tokens} tokens, ${row.supervised} supervised`;
    return `${head}\n${parts.join('').replaceAll(/^/gm, '  ')}`;
  });
  return [inWords(report), ...rows].join('\n');
}

/** The rows as HTML: supervised parts are marked, ⏹ is the end token. Colours fit light and dark pages. */
export function batchHtml(report: BatchReport): string {
  const mark = `background:${faded(colours.clean, 0.3)};color:inherit;border-bottom:2px solid ${colours.clean}`;
  const rows = report.rows.map((row, i) => {
    const parts = row.parts.map((p) =>
      p.supervised ? `<mark style="${mark}">${escaped(p.text)}</mark>` : escaped(p.text),
    );
    return (
      `<div><small>row ${i + 1}: ${row.tokens} tokens, ${row.supervised} supervised</small>` +
      `<pre style="white-space:pre-wrap;max-height:12em;overflow:auto;margin:0 0 .8em">${parts.join('')}</pre></div>`
    );
  });
  return `<div><p>${escaped(inWords(report))}</p>${rows.join('')}</div>`;
}
