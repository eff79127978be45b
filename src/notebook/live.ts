import { currentSink, settled, show } from './display.ts';
import { decimate } from './decimate.ts';
import { Figure, PLOTLY_MIME, type StillRenderer } from './figure.ts';
import { plainSpec, type PlotlySpec } from './spec.ts';
import { Throttle } from './throttle.ts';

export interface LiveOptions {
  /** Updates a second at most; 2 by default, since plotly needs about 100 ms of the page for each. */
  hz?: number;
  /** Points a trace at most; 2000 by default. */
  maxPoints?: number;
  /** What the figure says in words. */
  text?: string | ((spec: PlotlySpec) => string);
  /** Clock in milliseconds. */
  now?: () => number;
  /** Draws the final still. */
  draw?: StillRenderer;
}

/** A figure that changes while a cell runs. */
export interface LiveFigure {
  /** Shows a newer state, or keeps it until there is time for it. A function is called only when its state is shown. */
  update(spec: PlotlySpec | (() => PlotlySpec)): void;
  /** Shows the last state with its still picture and waits for that; nothing if there never was a state. */
  done(spec?: PlotlySpec): Promise<void>;
}

/**
 * One display entry with a figure that updates in place.
 *
 * @example
 * const live = liveFigure({ text: 'loss' });
 * for (const step of steps) live.update({ data: [{ y: losses }] });
 * await live.done();
 */
export function liveFigure(options: LiveOptions = {}): LiveFigure {
  const { hz = 2, maxPoints = 2000, text = 'live figure', now = () => performance.now(), draw } = options;
  let id: string | undefined;
  let newest: PlotlySpec | (() => PlotlySpec) | undefined;
  const words = (spec: PlotlySpec) => (typeof text === 'string' ? text : text(spec));
  const throttle = new Throttle<PlotlySpec | (() => PlotlySpec)>(
    hz,
    (state) => {
      // Only a front end with plotly shows the states in between; the others get the last one.
      const { kind } = currentSink();
      if (kind !== 'kernel' && kind !== 'injected') return;
      const spec = made(state);
      const bundle = { [PLOTLY_MIME]: plainSpec(decimate(spec, maxPoints)), 'text/plain': words(spec) };
      id = show(bundle, id === undefined ? {} : { id, update: true });
    },
    now,
  );
  return {
    update(spec) {
      newest = spec;
      throttle.offer(spec);
    },
    async done(last) {
      const state = last ?? newest;
      if (!state) return;
      const spec = made(state);
      const { data, layout = {} } = decimate(spec, maxPoints);
      const figure = new Figure(data, layout, words(spec), draw);
      figure.show(id === undefined ? { final: true } : { id, update: true, final: true });
      await settled();
    },
  };
}

function made(state: PlotlySpec | (() => PlotlySpec)): PlotlySpec {
  return typeof state === 'function' ? state() : state;
}
