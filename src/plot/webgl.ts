/** Points from which on a trace is drawn by WebGL: a marker is an element of the page, a line is one in all. */
const MARKERS = 3000;
const LINE = 20_000;

/** Settings of a scatter trace that its WebGL twin does not have. */
const SVG_ONLY = ['fill', 'stackgroup', 'cliponaxis', 'groupnorm'];

function isLarge(trace: unknown): trace is Record<string, unknown> {
  if (typeof trace !== 'object' || trace === null) return false;
  const { type = 'scatter', mode, y, x } = trace as Record<string, unknown>;
  if (type !== 'scatter' || SVG_ONLY.some((name) => name in trace)) return false;
  const points = Math.max(...[x, y].map((values) => (Array.isArray(values) ? values.length : 0)));
  const shown = typeof mode === 'string' ? mode : points < 20 ? 'lines+markers' : 'lines';
  if (shown.includes('text')) return false;
  return points >= (shown.includes('markers') ? MARKERS : LINE);
}

/**
 * A figure for the screen: traces of many points are drawn by WebGL, everything else as it is. A page can have a dozen
 * or so WebGL figures at a time, so small ones stay SVG. Stills are drawn from the figure as it was.
 */
export function forScreen<Spec extends { data: unknown[] }>(spec: Spec): Spec {
  return {
    ...spec,
    data: spec.data.map((trace) => (isLarge(trace) ? { ...trace, type: 'scattergl' } : trace)),
  };
}
