import type { EventLine, ProbeColumn, RowColumn } from '../../protocol.ts';
import { appearanceNow } from '../appearance.ts';
import type { Columns } from '../columns.ts';
import { h } from '../dom.ts';
import { sameEvents } from '../events.ts';
import type { Desk, Part } from '../part.ts';
import { Chart } from './chart.ts';
import { curveControls } from './controls.ts';
import { curvesFigure } from './figure.ts';
import { loadPlotly } from './plotly.ts';
import { probesPart } from './probes.ts';

export interface CurvesPart extends Part {
  /** Rows, probes or colours have changed. */
  draw: () => void;
  mark: (step: number | null) => void;
}

/** The live curves with their controls. */
export function curvesPart(
  desk: Desk,
  data: () => { rows: Columns<RowColumn>; probes: Columns<ProbeColumn> },
): CurvesPart {
  let events: readonly EventLine[] = [];
  let mark: number | null = null;
  const chart = new Chart(
    () => curvesFigure({ ...data(), ...controls.choice(), events, mark, dark: appearanceNow() === 'dark' }),
    () => loadPlotly(() => desk.send({ do: 'plotly' })),
    (error) => desk.complain(`The curves cannot be drawn: ${String((error as Error).message ?? error)}`),
    desk.signal,
  );
  const controls = curveControls(() => chart.draw());
  const probes = probesPart(desk, () => controls.reveal(['cosine', 'variance']));
  return {
    element: h(
      'section',
      { class: 'hz-section hz-curves', 'aria-label': 'Curves' },
      h('h3', { class: 'hz-heading' }, 'Curves'),
      controls.element,
      probes.element,
      chart.element,
    ),
    update(state, live) {
      probes.update(state, live);
      if (sameEvents(events, state.events)) return;
      events = state.events;
      chart.draw();
    },
    draw: () => chart.draw(),
    mark(step) {
      if (step === mark) return;
      mark = step;
      chart.draw();
    },
  };
}
