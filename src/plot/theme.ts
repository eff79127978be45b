import type { Label } from '../partition/index.ts';
import type { OwnRole, Role } from '../model/index.ts';

/*
 * One look for all figures. Backgrounds are transparent, so text, lines and laws are in a grey that has the same contrast
 * (4.35:1) on white and on #111. Colours start from Okabe and Ito's; green and pink are darker, so that colour-blind
 * viewers tell apart what stands together (`test/plot/theme.test.ts`). `colours` mean the same in every figure.
 */

/** Text, axes and laws. */
export const NEUTRAL = '#797979';
const GRID = 'rgba(128,128,128,0.22)';

/** What a colour means. `law` is always dashed. */
export const colours = {
  FO: '#0072B2',
  ZO: '#E69F00',
  frozen: '#999999',
  law: NEUTRAL,
  clean: '#167E39',
  perturbed: '#AF4B8E',
  alarm: '#D55E00',
} as const;

/** Colour of a partition's label. */
export const labelColour = (label: Label): string => colours[label];

/** What a tensor belongs to; the profile, which has no labels, is coloured by it. */
export type Family = 'attention' | 'feed-forward' | 'norm' | 'embedding and head' | 'tensors of your own';

export const familyColours: Record<Family, string> = {
  attention: '#56B4E9',
  'feed-forward': '#AF4B8E',
  norm: '#B3A300', // Okabe and Ito's yellow, darkened until it shows on white
  'embedding and head': '#167E39',
  'tensors of your own': '#0060F0',
};

const attention: readonly Role[] = ['qkv', 'q', 'k', 'v', 'prefix-key', 'prefix-value', 'o'];
const feedForward: readonly Role[] = ['gate-up', 'gate', 'up', 'down'];
const ends: readonly Role[] = ['embedding', 'project-in', 'position', 'project-out', 'head'];

/** LoRA's matrices belong to the family of their module. */
export function familyOf(role: Role | OwnRole): Family {
  const module = role.replace(/-lora-[ab]$/, '');
  const isIn = (roles: readonly Role[]) => roles.some((r) => r === module);
  if (isIn(attention)) return 'attention';
  if (isIn(feedForward)) return 'feed-forward';
  if (isIn(ends)) return 'embedding and head';
  return role.endsWith('norm') ? 'norm' : 'tensors of your own';
}

/** `#RRGGBB` with an opacity from 0 to 1. */
export function faded(colour: string, opacity: number): string {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return `rgba(${r},${g},${b},${opacity})`;
}

const TITLE = 18;
const SMALL = 14;

/** What a figure is told about its frame. */
export interface Frame {
  title: string;
  /** Lines under the title; up to about 85 characters each fit 720 pixels. */
  subtitle?: readonly string[];
  height?: number;
  /** Names in the legend, which lies between title and panels; none, no legend. */
  legend?: readonly string[];
  /** Room in pixels between legend and panels, for headings. */
  headroom?: number;
  /** Margins in pixels. */
  left?: number;
  bottom?: number;
  right?: number;
}

const LEGEND_ROW = 21;
/** Width that a legend is laid out for: the narrowest usual figure less its margins. */
const LEGEND_WIDTH = 620;

/** Rows of a horizontal legend; plotly gives all entries the width of the longest once they need a second row. */
function legendRows(names: readonly string[]): number {
  const widths = names.map((name) => 46 + 8 * name.length);
  if (widths.reduce((s, w) => s + w, 0) <= LEGEND_WIDTH) return Math.min(1, names.length);
  const columns = Math.max(1, Math.floor(LEGEND_WIDTH / Math.max(...widths)));
  return Math.ceil(names.length / columns);
}

/** Layout without axes: transparent, title on top left with its lines below, legend between title and panels. */
export function frame({
  title,
  subtitle = [],
  height = 500,
  legend = [],
  headroom = 0,
  left = 72,
  bottom = 58,
  right = 20,
}: Frame) {
  const lines = subtitle.filter((line) => line !== '');
  const top = 26 + TITLE + lines.length * TITLE * 1.3 + legendRows(legend) * LEGEND_ROW + 12 + headroom;
  const panels = Math.max(1, height - top - bottom);
  return {
    height,
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { size: SMALL, color: NEUTRAL },
    title: {
      text: [
        `<b>${escaped(title)}</b>`,
        ...lines.map((line) => `<span style="font-size:${SMALL}px">${escaped(line)}</span>`),
      ].join('<br>'),
      font: { size: TITLE },
      x: 0,
      xanchor: 'left',
      xref: 'container',
      y: 1,
      yanchor: 'top',
      yref: 'container',
      pad: { l: 12, t: 20 },
    },
    margin: { l: left, r: right, t: Math.round(top), b: bottom },
    showlegend: legend.length > 0,
    legend: {
      orientation: 'h',
      traceorder: 'normal',
      x: 0,
      xanchor: 'left',
      y: 1 + (headroom + 4) / panels,
      yanchor: 'bottom',
      bgcolor: 'rgba(0,0,0,0)',
    },
    hoverlabel: { align: 'left', font: { size: SMALL }, namelength: -1 },
  };
}

/** Names of the traces that a legend shows. */
export function legendNames(data: readonly object[]): string[] {
  return (data as { name?: string; showlegend?: boolean }[]).flatMap(({ name, showlegend }) =>
    showlegend === false || !name ? [] : [name],
  );
}

/** An axis in the common look; `title` in words, other plotly settings in `more`. */
export function axis(title: string, more: Record<string, unknown> = {}) {
  return {
    title: { text: title, standoff: 8 },
    gridcolor: GRID,
    zeroline: false,
    linecolor: NEUTRAL,
    ticks: 'outside',
    tickcolor: GRID,
    automargin: true,
    ...more,
  };
}

/** A heading of a panel, just above it. */
export function heading(text: string, x: number, y: number, more: Record<string, unknown> = {}) {
  return {
    text: escaped(text),
    x,
    y,
    xref: 'paper',
    yref: 'paper',
    xanchor: 'left',
    yanchor: 'bottom',
    showarrow: false,
    ...more,
  };
}

/** Text that plotly must not read as markup. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
