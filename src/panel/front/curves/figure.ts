import { escaped } from '../../../plot/theme.ts';
import { eventMarks, stepMark } from './marks.ts';
import type { CurvePanel } from './panels.ts';
import { placeOf, progressNames, type ProgressAxis } from './progress.ts';
import { colourOn, lineTraces, probeTraces, type FigureOptions } from './traces.ts';

const PANEL = 118;
const GAP = 40;
const BOTTOM = 48;
const SIZE = 14;

/** Colours of text, of text that matters less, and of lines behind the curves; as in the stylesheet. */
const inks = (dark: boolean) =>
  dark
    ? { text: '#e6e9ec', soft: '#aab2ba', grid: 'rgba(255,255,255,0.13)', box: '#1d2126' }
    : { text: '#1f2328', soft: '#57606a', grid: 'rgba(0,0,0,0.10)', box: '#ffffff' };
type Inks = ReturnType<typeof inks>;

/** Traces and layout of the live curves: panels under each other on one x-axis, headings that name the lines. */
export function curvesFigure(options: FigureOptions): { data: object[]; layout: Record<string, unknown> } {
  const { rows, panels, x, logY, events, mark, dark } = options;
  const ink = inks(dark);
  const heights = panels.map((p) => Math.round(PANEL * (panels.length === 1 ? 2.4 : p.weight)));
  const plot = heights.reduce((sum, one) => sum + one + GAP, -GAP); // between the margins
  let above = 0;
  const drawn = panels.map((panel, i) => {
    const domain: [number, number] = [Math.max(0, 1 - (above + heights[i]!) / plot), 1 - above / plot];
    above += heights[i]! + GAP;
    return drawPanel(options, panel, i === 0 ? 'y' : `y${i + 1}`, domain, ink);
  });
  const [steps, values] = [rows.column('step'), rows.column(x)];
  const place = (done: number) => placeOf(done, x, steps, values);
  const marks = eventMarks(events, place, rows.length, ink.text);
  return {
    data: [...drawn.flatMap((panel) => panel.data), ...marks.data],
    layout: {
      height: plot + GAP + BOTTOM,
      margin: { l: 58, r: 14, t: GAP, b: BOTTOM },
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font: { size: SIZE, color: ink.text, family: 'inherit' },
      showlegend: false,
      hovermode: 'x unified',
      hoverlabel: {
        bgcolor: ink.box,
        bordercolor: ink.grid,
        font: { size: SIZE, color: ink.text },
        namelength: -1,
      },
      uirevision: `${x} ${logY} ${panels.map((p) => p.id).join()}`, // a zoom survives updates
      dragmode: 'zoom',
      annotations: drawn.flatMap((panel) => panel.annotations),
      shapes: [...marks.shapes, ...(mark === null ? [] : [stepMark(place(mark), ink.text)])],
      xaxis: {
        title: { text: progressNames[x], standoff: 6, font: { size: SIZE } },
        anchor: panels.length > 1 ? `y${panels.length}` : 'y',
        gridcolor: ink.grid,
        zeroline: false,
        exponentformat: 'SI',
        tickfont: { size: SIZE },
        ...rangeOf(values, x),
      },
      ...Object.fromEntries(drawn.map((panel) => [panel.yaxis.replace('y', 'yaxis'), panel.axis])),
      ...marks.layout,
    },
  };
}

/** A panel's traces, its axis and its heading; one without numbers says so. */
function drawPanel(
  options: FigureOptions,
  panel: CurvePanel,
  yaxis: string,
  domain: [number, number],
  ink: Inks,
) {
  const log = panel.log === 'always' || (options.logY && panel.log !== 'no');
  const traces = panel.lines.flatMap((line) =>
    'probe' in line ? probeTraces(options, line, yaxis) : lineTraces(options, line, yaxis, log),
  );
  const words = { xref: 'paper', yref: 'paper', showarrow: false };
  const title = {
    ...words,
    text: heading(panel, log, options),
    x: 0,
    xanchor: 'left',
    y: domain[1],
    yanchor: 'bottom',
    yshift: 4,
    font: { size: SIZE, color: ink.text },
  };
  if (traces.length === 0) {
    const text = panel.lines.some((line) => 'probe' in line)
      ? 'no probe yet; the tick above switches them on'
      : 'no step yet';
    return {
      yaxis,
      // Without a trace plotly would leave the axis out.
      data: [{ x: [null], y: [null], yaxis, hoverinfo: 'skip', name: 'none' }],
      axis: { domain, range: [0, 1], showticklabels: false, showgrid: false, zeroline: false },
      annotations: [
        title,
        { ...words, text, x: 0.5, y: (domain[0] + domain[1]) / 2, font: { size: SIZE, color: ink.soft } },
      ],
    };
  }
  return {
    yaxis,
    data: traces,
    axis: {
      domain,
      type: log ? 'log' : 'linear',
      gridcolor: ink.grid,
      zeroline: false,
      nticks: log ? 4 : 5,
      exponentformat: 'power',
      tickfont: { size: log ? 12 : SIZE }, // powers of ten are drawn larger
      ...(log ? {} : panel.axis),
    },
    annotations: [title],
  };
}

/** From the first row to the last; plotly's own range leaves room at both sides that says nothing. */
function rangeOf(values: Float64Array, x: ProgressAxis): object {
  if (values.length < 2) return { range: [0, x === 'step' ? 10 : 1] };
  return { autorangeoptions: { clipmin: values[0], clipmax: values.at(-1) } };
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
