import { figureSpec, type FigureSpec } from './spec.ts';
import { axis, frame, legendNames } from './theme.ts';

/** An axis: its name with units, or that and plotly's own settings. */
export type PlainAxis = string | ({ title: string } & Record<string, unknown>);

/** What stands around the traces of a {@link plainFigure}. */
export interface PlainFigureOptions {
  /** What the figure says, in one sentence. */
  title: string;
  /** Lines under the title, up to about 85 characters each. */
  subtitle?: readonly string[];
  x: PlainAxis;
  y: PlainAxis;
  /** In pixels; defaults to 420. */
  height?: number;
  /** More of plotly's layout; it has the last word. */
  layout?: Record<string, unknown>;
}

/**
 * A figure of your own in the look of the others: transparent, grey text, a legend where two traces have names. `traces` are
 * plotly's; take colours from {@link colours} where they mean the same. The last expression of a cell shows itself.
 *
 * @example
 * plainFigure([{ x: [1, 2, 3], y: [2.5, 2.1, 1.9] }], { title: 'The loss falls', x: 'step', y: 'loss' })
 */
export function plainFigure(
  traces: readonly object[],
  { title, subtitle = [], x, y, height = 420, layout = {} }: PlainFigureOptions,
): FigureSpec {
  const names = legendNames([...traces]);
  return figureSpec([...traces], {
    ...frame({ title, subtitle, height, legend: names.length > 1 ? names : [] }),
    xaxis: drawn(x),
    yaxis: drawn(y),
    ...layout,
  });
}

function drawn(given: PlainAxis) {
  if (typeof given === 'string') return axis(given);
  const { title, ...settings } = given;
  return axis(title, { exponentformat: 'power', ...settings });
}
