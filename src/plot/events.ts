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
]);
/** Labels at most, the latest ones; lines beyond have their text on hover only. */
const LABELS = 6;
const LENGTH = 30;
const LINE = 17;

/** Traces, shapes and annotations that mark events over the loss panel. */
export interface EventMarks {
  data: object[];
  /** The axis that the marks stand on. */
  layout: object;
  shapes: object[];
  annotations: object[];
}

const none: EventMarks = { data: [], layout: {}, shapes: [], annotations: [] };

/** Vertical lines at events, labelled at the top of the figure. What happened before the first step is left out, edits aside. */
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
  const late = (at: number) => at - first[x] > 0.6 * (last[x] - first[x]);
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
    annotations: marks.slice(-LABELS).map(([at, lines], i) => ({
      text: escaped(clipped(lines.join('; '), LENGTH)),
      x: at,
      y: 1,
      yref: 'paper',
      yanchor: 'top',
      xanchor: late(at) ? 'right' : 'left',
      xshift: late(at) ? -3 : 3,
      yshift: -LINE * (i % 3),
      showarrow: false,
      font: { size: 13 },
    })),
  };
}
