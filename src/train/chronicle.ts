import type { Parameter } from '../model/index.ts';
import type { HistoryEvent, HistoryRow, ProbeRow } from './history.ts';
import { movedBy, type StepRecord } from './log.ts';
import type { TrainerState } from './state.ts';

/** What a trainer remembers: the history, for people, and the log of steps, to go back by. */
export class Chronicle {
  readonly rows: HistoryRow[] = [];
  readonly events: HistoryEvent[] = [];
  readonly probes: ProbeRow[] = [];
  readonly log: StepRecord[] = [];
  /** Tensors that lost their moments since the last step. */
  readonly forgot = new Set<Parameter>();
  /** Tensors that a gradient has moved: the log alone cannot rebuild them. */
  readonly byGradient = new Set<Parameter>();

  constructor(private readonly parameters: readonly Parameter[]) {}

  /** Adds a step. */
  add(row: HistoryRow, record: StepRecord): void {
    this.rows.push(row);
    this.#record(record);
    this.forgot.clear();
  }

  /** Forgets step `to` and all that came after it began. */
  cut(to: number): void {
    const { events, forgot } = this.log[to]!;
    this.rows.length = to;
    this.events.length = events;
    refill(
      this.probes,
      this.probes.filter((probe) => probe.step <= to),
    );
    this.#takeLog(this.log.slice(0, to), forgot);
  }

  /** Takes over what another has remembered. */
  take(state: Pick<TrainerState, 'rows' | 'events' | 'probes' | 'log' | 'forgot'>): void {
    refill(this.rows, state.rows);
    refill(this.events, state.events);
    refill(this.probes, state.probes);
    this.#takeLog(state.log, state.forgot);
  }

  #takeLog(log: readonly StepRecord[], forgot: readonly Parameter[]): void {
    this.log.length = 0;
    this.byGradient.clear();
    for (const record of log) this.#record(record);
    this.forgot.clear();
    for (const p of forgot) this.forgot.add(p);
  }

  #record(record: StepRecord): void {
    this.log.push(Object.freeze(record));
    for (const p of this.parameters) if (movedBy(record, p) === 'gradient') this.byGradient.add(p);
  }
}

/** The same list with other items; a spread would run out of stack on a long one. */
function refill<T>(list: T[], items: readonly T[]): void {
  list.length = 0;
  for (const item of items) list.push(item);
}
