import type { ProbeColumn, RowColumn } from '../../protocol.ts';
import { NEUTRAL, colours } from '../../../plot/theme.ts';

/** A line of a panel: a column of the rows. */
export interface Line {
  column: RowColumn;
  name: string;
  colour: string;
  dash?: string;
  /** Drawn faint with its moving average over it. */
  averaged?: boolean;
  /** Divides the column's values. */
  unit?: number;
}

/** A line of a panel of probes. */
export interface ProbeLine {
  probe: ProbeColumn;
  name: string;
  colour: string;
  error?: ProbeColumn;
  law?: boolean;
}

export interface CurvePanel {
  id: string;
  chip: string;
  title: string;
  lines: readonly (Line | ProbeLine)[];
  /** Height beside the others. */
  weight: number;
  /** Whether its axis may be logarithmic: on demand, on demand with absolute values, or always. */
  log: 'no' | 'yes' | 'absolute' | 'always';
  axis?: Record<string, unknown>;
}

const MB = 1e6;

/** The panels of the curves, in the order in which they are drawn. */
export const curvePanels: readonly CurvePanel[] = [
  {
    id: 'loss',
    chip: 'loss',
    title: 'loss',
    weight: 1.7,
    log: 'yes',
    lines: [
      { column: 'loss', name: 'clean', colour: colours.clean, averaged: true },
      {
        column: 'perturbedLoss',
        name: 'perturbed',
        colour: colours.perturbed,
        dash: '6px,7px',
        averaged: true,
      },
    ],
  },
  {
    id: 'coefficient',
    chip: 'coefficient',
    title: 'projected gradient c',
    weight: 1,
    log: 'absolute',
    lines: [{ column: 'coefficient', name: 'c', colour: colours.ZO }],
    axis: { zeroline: true, zerolinecolor: NEUTRAL, zerolinewidth: 1 },
  },
  {
    id: 'norms',
    chip: 'norms',
    title: 'gradient norms',
    weight: 1,
    log: 'always', // the two lie powers of ten apart
    lines: [
      { column: 'gradientNorm', name: 'FO gradient', colour: colours.FO },
      { column: 'estimateNorm', name: 'ZO estimate', colour: colours.ZO, dash: 'dot' },
    ],
  },
  {
    id: 'cosine',
    chip: 'cosine',
    title: 'cosine of ZO estimate and true gradient',
    weight: 1,
    log: 'no',
    lines: [{ probe: 'cosine', name: 'mean ± standard error', colour: colours.ZO, error: 'cosineError' }],
    axis: { zeroline: true, zerolinecolor: NEUTRAL, zerolinewidth: 1 },
  },
  {
    id: 'variance',
    chip: 'variance',
    title: 'relative variance of the ZO estimate',
    weight: 1,
    log: 'yes',
    lines: [
      { probe: 'varianceLaw', name: 'law', colour: colours.law, law: true },
      { probe: 'varianceRatio', name: 'measured', colour: colours.ZO },
    ],
  },
  {
    id: 'memory',
    chip: 'memory',
    title: 'memory (MB)',
    weight: 1,
    log: 'no',
    lines: [
      { column: 'tensorBytes', name: 'live tensors', colour: colours.FO, unit: MB },
      { column: 'residentBytes', name: 'process', colour: colours.law, dash: 'dot', unit: MB },
    ],
    axis: { rangemode: 'tozero' },
  },
  {
    id: 'time',
    chip: 'time',
    title: 'seconds a step',
    weight: 1,
    log: 'yes',
    lines: [{ column: 'stepSeconds', name: 'wall time', colour: colours.clean }],
    axis: { rangemode: 'tozero' },
  },
];
