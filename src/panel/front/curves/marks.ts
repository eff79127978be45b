import type { EventKind, EventLine } from '../../protocol.ts';
import { NEUTRAL, colours, escaped } from '../../../plot/theme.ts';

/** Events that get a line on the curves. */
const drawn: ReadonlySet<EventKind> = new Set([
  'partition',
  'edit',
  'settings',
  'skip',
  'evaluate',
  'rewind',
  'warning',
]);
/** Newest that are drawn, and of those the ones with a line through the curves; alarms always have one. */
const MOST = 60;
const LINES = 8;
const alarming: ReadonlySet<EventKind> = new Set(['skip', 'warning']);

/** Thin vertical lines at events, with a mark on top that tells what happened. */
export function eventMarks(
  events: readonly EventLine[],
  place: (done: number) => number,
  rows: number,
  text: string,
): { data: object[]; layout: object; shapes: object[] } {
  const at = new Map<number, EventLine[]>();
  for (const event of rows > 0 ? events : []) {
    if (!drawn.has(event.kind) || event.step === 0) continue;
    const x = place(event.step);
    at.set(x, [...(at.get(x) ?? []), event]);
  }
  const marks = [...at].slice(-MOST);
  if (marks.length === 0) return { data: [], layout: {}, shapes: [] };
  const colour = (list: readonly EventLine[]) =>
    list.some((event) => alarming.has(event.kind)) ? colours.alarm : text;
  return {
    data: [
      {
        type: 'scatter',
        mode: 'markers',
        x: marks.map(([x]) => x),
        y: marks.map(() => 1),
        yaxis: 'y9',
        cliponaxis: false,
        marker: { symbol: 'triangle-down', size: 10, color: marks.map(([, list]) => colour(list)) },
        customdata: marks.map(([, list]) =>
          list.map(({ text: words }) => clipped(escaped(words))).join('<br>'),
        ),
        hovertemplate: '%{customdata}<extra></extra>',
        name: 'event',
      },
    ],
    layout: { yaxis9: { overlaying: 'y', range: [0, 1], visible: false, fixedrange: true } },
    shapes: marks.flatMap(([x, list], i) => {
      const alarm = list.some((e) => alarming.has(e.kind));
      if (!alarm && i < marks.length - LINES) return [];
      return [line(x, { color: alarm ? colours.alarm : NEUTRAL, width: 1, dash: 'dot' })];
    }),
  };
}

/** The step that a rewind would go back to. */
export const stepMark = (x: number, colour: string): object => line(x, { color: colour, width: 2 });

function line(x: number, style: object): object {
  return { type: 'line', x0: x, x1: x, y0: 0, y1: 1, yref: 'paper', line: style };
}

const clipped = (words: string) => (words.length > 90 ? `${words.slice(0, 89)}…` : words);
