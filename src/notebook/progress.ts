import { show } from './display.ts';
import { escapeHtml } from './html.ts';
import { Throttle } from './throttle.ts';

export interface ProgressOptions {
  /** Number of units in all. */
  total: number;
  /** What is being done, in front of the bar. */
  label?: string;
  /** Name of one unit; `step` by default. */
  unit?: string;
  /** Updates a second at most; 4 by default. */
  hz?: number;
  /** Clock in milliseconds. */
  now?: () => number;
}

/** A bar with rate, remaining time and the newest figures. */
export interface Progress {
  /** @param done - units done so far; `values` are shown behind the bar, such as `{ loss: 1.2 }` */
  update(done: number, values?: Record<string, number>): void;
  /** Shows the last state and closes the entry. */
  done(note?: string): void;
}

interface State {
  done: number;
  values: Record<string, number>;
}

const CELLS = 20;
const DIGITS = 4;

/** Seconds as m:ss, or h:mm:ss from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** The rate in the unit that reads best: 3.2 steps/s, or 4.5 s/step when one takes longer than a second. */
function rate(done: number, seconds: number, unit: string): string {
  if (done <= 0 || seconds <= 0) return '';
  const perSecond = done / seconds;
  return perSecond >= 1
    ? `${perSecond.toPrecision(3)} ${unit}${/(ch|s|x)$/.test(unit) ? 'es' : 's'}/s`
    : `${(1 / perSecond).toPrecision(3)} s/${unit}`;
}

/**
 * One display entry that shows how far a long call has come.
 *
 * @example
 * const bar = progress({ total: 50, label: 'train' });
 * for (let i = 1; i <= 50; i++) bar.update(i, { loss });
 * bar.done();
 */
export function progress(options: ProgressOptions): Progress {
  const { total, label = '', unit = 'step', hz = 4, now = () => performance.now() } = options;
  const started = now();
  let id: string | undefined;
  let state: State = { done: 0, values: {} };

  const publish = ({ done, values }: State, final: boolean, note?: string): void => {
    const seconds = (now() - started) / 1000;
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const remaining = share > 0 && share < 1 ? `ETA ${clock((seconds * (1 - share)) / share)}` : '';
    const time = final ? `in ${clock(seconds)}` : remaining;
    const shown = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(DIGITS)}`);
    const facts = [`${done}/${total}`, rate(done, seconds, unit), time, ...shown, note ?? ''].filter(
      (s) => s !== '',
    );
    const filled = Math.round(share * CELLS);
    const bar = `[${'█'.repeat(filled)}${'·'.repeat(CELLS - filled)}]`;
    const text = [label, bar, facts.join('  ')].filter((s) => s !== '').join(' ');
    const html = `<div><span>${escapeHtml(label)}</span> <progress max="${total}" value="${done}"></progress> <code>${escapeHtml(facts.join('  '))}</code></div>`;
    id = show(
      { 'text/html': html, 'text/plain': text },
      { ...(id === undefined ? {} : { id, update: true }), final },
    );
  };
  const throttle = new Throttle<State>(hz, (next) => publish(next, false), now);
  return {
    update(done, values = {}) {
      state = { done, values };
      throttle.offer(state);
    },
    done(note) {
      publish(state, true, note);
    },
  };
}
