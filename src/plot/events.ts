import type { HistoryEvent, HistoryRow } from '../train/index.ts';
import { eventPosition, type Progress } from './progress.ts';
import { NEUTRAL, colours, escaped } from './theme.ts';
import { clipped } from './words.ts';

/** Events that get a line; updates that were skipped have marks of their own. */
const drawn: ReadonlySet<HistoryEvent['kind']> = new Set([
  'edit',
  'partition',
  'settings',
  'evaluate',
  'stop',
  'rewind',
]);
/** Rows of labels, their height in pixels, and the longest label. */
const ROWS = 4;
const LINE = 17;
const LENGTH = 30;
/** Width of a character as a share of a usual figure's. */
const CHARACTER = 7.5 / 640;

/** Traces, shapes and annotations that mark events over the loss panel. */
export interface EventMarks {
  data: object[];
  /** The axis that the marks stand on. */
  layout: object;
  shapes: object[];
  annotations: object[];
}

const none: EventMarks = { data: [], layout: {}, shapes: [], annotations: [] };

/**
 * Vertical lines at events, labelled at the top of the figure where there is room (all on hover). What happened before
 * the first step is left out, edits aside.
 */
export function eventMarks(
  events: readonly HistoryEvent[],
  rows: readonly HistoryRow[],
  x: Progress,
): EventMarks {
  const first = rows[0];
  const last = rows.at(-1);
  if (!first || !last) return none;
  const texts = new Map<number, string[]>();
  for (const event of events) {
    if (!drawn.has(event.kind) || (event.step === 0 && event.kind !== 'edit')) continue;
    const at = eventPosition(event, rows, x);
    texts.set(at, [...(texts.get(at) ?? []), event.text]);
  }
  const marks = [...texts].sort(([a], [b]) => a - b);
  if (marks.length === 0) return none;
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        name: 'event',
        x: marks.map(([at]) => at),
        y: marks.map(() => 0.02),
        yaxis: 'y9',
        marker: { symbol: 'triangle-up', size: 10, color: NEUTRAL },
        customdata: marks.map(([, lines]) => lines.map(escaped).join('<br>')),
        hovertemplate: '%{customdata}<extra></extra>',
        showlegend: false,
      },
    ],
    layout: {
      yaxis9: { overlaying: 'y', range: [0, 1], visible: false, fixedrange: true },
    },
    shapes: marks.map(([at]) => ({
      type: 'line',
      x0: at,
      x1: at,
      y0: 0,
      y1: 1,
      yref: 'paper',
      line: { color: colours.law, width: 1.5, dash: 'dot' },
    })),
    annotations: labels(marks, first[x], last[x]),
  };
}

/** The latest labels first, each in the topmost row where it covers no other; without such a row, none. */
function labels(marks: readonly [number, string[]][], from: number, to: number): object[] {
  const rows: [number, number][][] = Array.from({ length: ROWS }, () => []);
  return [...marks].reverse().flatMap(([at, lines]) => {
    const text = clipped(lines.join('; '), LENGTH);
    const x = to > from ? (at - from) / (to - from) : 0;
    const width = (text.length + 1) * CHARACTER;
    const side = x > 0.6 ? -1 : 1; // to the left of late events
    const [start, end] = [Math.min(x, x + side * width), Math.max(x, x + side * width)];
    const row = rows.findIndex((taken) => taken.every(([a, b]) => end < a || start > b));
    if (row < 0) return [];
    rows[row]!.push([start, end]);
    return {
      text: escaped(text),
      x: at,
      y: 1,
      yref: 'paper',
      yanchor: 'top',
      xanchor: side > 0 ? 'left' : 'right',
      xshift: 3 * side,
      yshift: -LINE * row,
      showarrow: false,
      font: { size: 13 },
    };
  });
}
