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
  const { surfacecolor, ...rest } = trace;
  switch (trace.type) {
    case 'surface':
      return {
        ...rest,
        z: surfacecolor ?? trace.z,
        type: 'contour',
        contours: { coloring: 'heatmap', showlabels: false },
        line: { width: 0.5, color: 'rgba(255,255,255,0.6)' },
        colorscale: trace.colorscale ?? 'Viridis',
      };
    case 'scatter3d': {
      const marker = isObject(trace.marker) ? trace.marker : {};
      return { ...rest, type: 'scatter', marker: { color: trace.z, colorscale: 'Viridis', ...marker } };
    }
    default:
      return { type: 'scatter', x: [], y: [], name: trace.name, showlegend: false };
  }
}

const IN_SPACE = new Set(['surface', 'scatter3d', 'mesh3d', 'cone', 'streamtube', 'volume', 'isosurface']);

function flatLayout(layout: Json, skipped: string[]): Json {
  const { scene, ...rest } = layout;
  const { xaxis = {}, yaxis = {} } = isObject(scene) ? scene : {};
  const axis = (value: unknown) => (isObject(value) ? { title: value.title, type: value.type } : {});
  const note = skipped.length
    ? `no still of ${skipped.join(', ')}: open the figure to see it`
    : 'seen from above; the figure itself is three-dimensional';
  const annotation = {
    text: note,
    showarrow: false,
    xref: 'paper',
    yref: 'paper',
    x: 1,
    y: 1,
    xanchor: 'right',
    yanchor: 'bottom',
    font: { size: 10, color: '#777' },
  };
  const annotations = Array.isArray(rest.annotations) ? (rest.annotations as unknown[]) : [];
  return {
    ...rest,
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
