import type { FigureSpec } from '../../src/plot/index.ts';

/** A trace with the fields that tests read. */
export interface Trace {
  type: string;
  name?: string;
  x: (number | null)[];
  y: (number | null)[];
  base?: number[];
  width?: number[];
  yaxis?: string;
  xaxis?: string;
  customdata?: string[];
  error_y?: { array: (number | null)[] };
  marker?: { color: string | string[] };
  line?: { color: string; dash?: string };
  showlegend?: boolean;
  text?: string[];
}

export interface Layout {
  title: { text: string };
  annotations?: { text: string; xanchor: string }[];
  shapes?: { x0: number }[];
  paper_bgcolor: string;
  plot_bgcolor: string;
  font: { size: number };
  xaxis: { title: { text: string }; ticktext?: string[] };
  yaxis: { range?: number[] };
  [key: string]: unknown;
}

export const traces = (spec: FigureSpec) => spec.data as unknown as Trace[];
export const layout = (spec: FigureSpec) => spec.layout as Layout;

/** Five significant digits, as figures keep them. */
export const five = (x: number) => Number(x.toPrecision(5));

/** Every number and string in a value. */
export function leaves(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value];
  return Object.values(value).flatMap(leaves);
}
