/** A plotly figure as plain data. */
export interface FigureSpec {
  data: unknown[];
  layout?: Record<string, unknown>;
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** WebGL traces and the SVG trace that draws the same. */
const SVG_TWIN: Record<string, string> = {
  scattergl: 'scatter',
  scatterpolargl: 'scatterpolar',
  heatmapgl: 'heatmap',
};

/** Three dimensions need WebGL; a still shows what can be seen from above. */
function fromAbove(trace: Json): Json {
  switch (trace.type) {
    case 'surface': {
      const { surfacecolor, ...rest } = trace;
      return {
        ...rest,
        z: surfacecolor ?? trace.z,
        type: 'contour',
        // Bands, not a smooth picture: a tenth of the size.
        ncontours: 24,
        contours: { coloring: 'fill', showlabels: false },
        line: { width: 0 },
        colorscale: trace.colorscale ?? 'Viridis',
      };
    }
    case 'scatter3d': {
      const { z, ...rest } = trace;
      const marker = isObject(trace.marker) ? trace.marker : {};
      const line = isObject(trace.line) ? trace.line : {};
      // Widths of lines in space are about twice those of the plane.
      const width = typeof line.width === 'number' ? { width: Math.max(1.5, line.width / 2) } : {};
      return {
        ...rest,
        type: 'scatter',
        line: { ...line, ...width },
        marker: { color: z, colorscale: 'Viridis', ...marker },
      };
    }
    default:
      return { type: 'scatter', x: [], y: [], name: trace.name, showlegend: false };
  }
}

const IN_SPACE = new Set(['surface', 'scatter3d', 'mesh3d', 'cone', 'streamtube', 'volume', 'isosurface']);

/** What an axis in space has in common with one in the plane. */
const AXIS = ['title', 'type', 'range', 'gridcolor', 'linecolor', 'zeroline', 'ticks', 'tickcolor', 'color'];
/** Pixels below the picture for the axis and the note. */
const ROOM_BELOW = 80;

function flatLayout(layout: Json, skipped: string[]): Json {
  const { scene, ...rest } = layout;
  const { xaxis = {}, yaxis = {} } = isObject(scene) ? scene : {};
  const axis = (value: unknown) =>
    isObject(value) ? Object.fromEntries(AXIS.map((name) => [name, value[name]])) : {};
  const note = skipped.length
    ? `no still of ${skipped.join(', ')}: open the figure to see it`
    : 'seen from above; the figure itself is three-dimensional';
  const annotation = {
    text: note,
    showarrow: false,
    xref: 'paper',
    yref: 'paper',
    x: 1,
    y: 0,
    xanchor: 'right',
    yanchor: 'top',
    yshift: -54,
    font: { size: 12 },
  };
  const annotations = Array.isArray(rest.annotations) ? (rest.annotations as unknown[]) : [];
  const margin = isObject(rest.margin) ? rest.margin : {};
  const roomBelow = typeof margin.b === 'number' ? Math.max(margin.b, ROOM_BELOW) : ROOM_BELOW;
  return {
    ...rest,
    margin: { ...margin, b: roomBelow },
    xaxis: { ...axis(xaxis), ...(isObject(rest.xaxis) ? rest.xaxis : {}) },
    yaxis: { ...axis(yaxis), ...(isObject(rest.yaxis) ? rest.yaxis : {}) },
    annotations: [...annotations, annotation],
  };
}

/** The same figure without WebGL: GL traces as their SVG twins, surfaces as seen from above, with a note. */
export function flatten({ data, layout = {} }: FigureSpec): Required<FigureSpec> {
  const traces = data.filter(isObject);
  const inSpace = traces.filter(({ type }) => IN_SPACE.has(String(type)));
  const skipped = inSpace.map(({ type }) => String(type)).filter((t) => t !== 'surface' && t !== 'scatter3d');
  return {
    data: traces.map((trace) =>
      inSpace.includes(trace)
        ? fromAbove(trace)
        : { ...trace, type: SVG_TWIN[String(trace.type)] ?? trace.type },
    ),
    layout: inSpace.length ? flatLayout(layout, [...new Set(skipped)]) : layout,
  };
}
