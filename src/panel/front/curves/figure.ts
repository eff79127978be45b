import { escaped } from '../../../plot/theme.ts';
import { eventMarks, stepMark } from './marks.ts';
import type { CurvePanel } from './panels.ts';
import { placeOf, progressNames, type ProgressAxis } from './progress.ts';
import { colourOn, lineTraces, probeTraces, type FigureOptions } from './traces.ts';

const PANEL = 118;
const GAP = 40;
const BOTTOM = 48;

/** Traces and layout of the live curves: panels under each other on one x-axis, headings that name the lines. */
export function curvesFigure(options: FigureOptions): { data: object[]; layout: Record<string, unknown> } {
  const { rows, panels, x, logY, events, mark, dark } = options;
  const text = dark ? '#e6e6e6' : '#24292f';
  const grid = dark ? 'rgba(255,255,255,0.13)' : 'rgba(0,0,0,0.10)';
  const heights = panels.map((p) => Math.round(PANEL * (panels.length === 1 ? 2.4 : p.weight)));
  const height = heights.reduce((sum, one) => sum + one + GAP, 0) + BOTTOM;
  const plot = height - GAP - BOTTOM; // between the margins
  const axes: Record<string, unknown> = {};
  const data: object[] = [];
  const annotations: object[] = [];
  let above = 0;
  panels.forEach((panel, i) => {
    const name = i === 0 ? 'y' : `y${i + 1}`;
    const log = panel.log === 'always' || (logY && panel.log !== 'no');
    const top = 1 - above / plot;
    above += heights[i]!;
    const bottom = Math.max(0, 1 - above / plot);
    above += GAP;
    axes[i === 0 ? 'yaxis' : `yaxis${i + 1}`] = {
      domain: [bottom, top],
      type: log ? 'log' : 'linear',
      gridcolor: grid,
      zeroline: false,
      nticks: log ? 4 : 5,
      exponentformat: 'power',
      tickfont: { size: log ? 12 : 14 }, // powers of ten are drawn larger
      ...(log ? {} : panel.axis),
    };
    for (const line of panel.lines)
      data.push(
        ...('probe' in line ? probeTraces(options, line, name) : lineTraces(options, line, name, log)),
      );
    annotations.push({
      text: heading(panel, log, options),
      x: 0,
      xref: 'paper',
      xanchor: 'left',
      y: top,
      yref: 'paper',
      yanchor: 'bottom',
      yshift: 4,
      showarrow: false,
      font: { size: 14, color: text },
    });
  });
  const values = rows.column(x);
  const marks = eventMarks(
    events,
    (done) => placeOf(done, x, rows.column('step'), values),
    rows.length,
    text,
  );
  const stepLine = mark === null ? [] : [stepMark(placeOf(mark, x, rows.column('step'), values), text)];
  return {
    data: [...data, ...marks.data],
    layout: {
      height,
      margin: { l: 58, r: 14, t: GAP, b: BOTTOM },
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { size: 14, color: text, family: 'inherit' },
      showlegend: false,
      hovermode: 'x unified',
      hoverlabel: {
        bgcolor: dark ? '#1d2126' : '#ffffff',
        bordercolor: grid,
        font: { size: 14, color: text },
        namelength: -1,
      },
      uirevision: `${x} ${logY} ${panels.map((p) => p.id).join()}`, // a zoom survives updates
      dragmode: 'zoom',
      annotations,
      shapes: [...marks.shapes, ...stepLine],
      xaxis: {
        title: { text: progressNames[x], standoff: 6, font: { size: 14 } },
        anchor: panels.length > 1 ? `y${panels.length}` : 'y',
        gridcolor: grid,
        zeroline: false,
        exponentformat: 'SI',
        tickfont: { size: 14 },
        ...rangeOf(values, x),
      },
      ...axes,
      ...marks.layout,
    },
  };
}

/** A range that starts where the run starts; plotly's own leaves room at the left that says nothing. */
function rangeOf(values: Float64Array, x: ProgressAxis): object {
  if (values.length > 1) return {};
  return { range: [0, x === 'step' ? 10 : 1] };
}

/** The panel's title, and its lines by their colours; names stay in the colour of text, which is readable. */
function heading(panel: CurvePanel, log: boolean, { smoothing, dark }: FigureOptions): string {
  const title = log && panel.log === 'absolute' ? `|${panel.title}|` : panel.title;
  const keys = panel.lines.map(({ colour, name, ...line }) => {
    const dashed = ('dash' in line && line.dash) || ('law' in line && line.law);
    const sign = 'probe' in line && !line.law ? '●' : dashed ? '┅' : '━';
    return `<span style="color:${colourOn(dark, colour)}"><b>${sign}</b></span> ${escaped(name)}`;
  });
  const averaged = smoothing > 0 && panel.lines.some((line) => 'averaged' in line && line.averaged);
  if (averaged) keys.push('faint: each step');
  const alone = panel.lines.length === 1 && !('probe' in panel.lines[0]!);
  return `<b>${escaped(title)}</b>${alone ? '' : `   ${keys.join('  ')}`}`;
}
