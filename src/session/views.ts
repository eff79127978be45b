import type { Partition } from '../partition/index.ts';
import {
  batchFigure,
  batchHtml,
  batchTable,
  batchText,
  evaluationFigure,
  evaluationTable,
  evaluationText,
  historyFigure,
  historyTable,
  historyText,
  ownEvaluationFigure,
  ownEvaluationTable,
  ownEvaluationText,
  type OwnEvaluation,
  partitionFigure,
  partitionTable,
  partitionText,
  profileFigure,
  profileTable,
  profileText,
  varianceFigure,
  varianceTable,
  varianceText,
  type BatchReport,
  curvatureFigure,
  curvatureTable,
  descentFigure,
  descentTable,
  descentText,
  lineFigure,
  lineTable,
  lineText,
  planeFigure,
  planeTable,
  planeText,
  routesFigure,
  routesTable,
  routesText,
  sharpnessText,
  sweepFigure,
  sweepTable,
  sweepText,
} from '../plot/index.ts';
import type { Profile } from '../profile/index.ts';
import type { Evaluation, HistoryEvent, HistoryRow, ProbeRow } from '../train/index.ts';
import type { DescentReport, LossLine, LossPlane, SweepReport, VarianceReport } from '../variance/index.ts';
import type { SharpnessFindings } from './laboratory.ts';
import type { View } from './result.ts';

export const profileView: View<Profile> = { figure: profileFigure, table: profileTable, text: profileText };

export const partitionView: View<Partition> = {
  figure: partitionFigure,
  table: partitionTable,
  text: partitionText,
};

export const varianceView: View<VarianceReport> = {
  figure: varianceFigure,
  table: varianceTable,
  text: varianceText,
};

export const evaluationView: View<Evaluation> = {
  figure: evaluationFigure,
  table: evaluationTable,
  text: evaluationText,
};

export const ownEvaluationView: View<OwnEvaluation> = {
  figure: ownEvaluationFigure,
  table: ownEvaluationTable,
  text: ownEvaluationText,
};

export const batchView: View<BatchReport> = {
  figure: batchFigure,
  table: batchTable,
  text: batchText,
  html: batchHtml,
};

/** Steps and events of a session, or of one run. */
export interface History {
  rows: readonly HistoryRow[];
  events: readonly HistoryEvent[];
  /** Variance measurements made during training. */
  probes: readonly ProbeRow[];
}

export const historyView: View<History> = {
  figure: ({ rows, events }) => historyFigure(rows, { events }),
  table: ({ rows }) => historyTable(rows),
  text: ({ rows }) => historyText(rows),
};

export const sweepView: View<SweepReport> = { figure: sweepFigure, table: sweepTable, text: sweepText };

/** A sweep that measured all routes. */
export const routesView: View<SweepReport> = {
  figure: (report) => routesFigure({ [report.axis]: report }),
  table: (report) => routesTable({ [report.axis]: report }),
  text: (report) => routesText({ [report.axis]: report }),
};

export const linesView: View<LossLine[]> = { figure: lineFigure, table: lineTable, text: lineText };

export const planeView: View<LossPlane> = { figure: planeFigure, table: planeTable, text: planeText };

export const sharpnessView: View<SharpnessFindings> = {
  figure: ({ curvature }) => curvatureFigure(curvature),
  table: ({ curvature }) => curvatureTable(curvature),
  text: ({ curvature, rise }) => sharpnessText(curvature, rise),
};

export const descentView: View<DescentReport> = {
  figure: descentFigure,
  table: descentTable,
  text: descentText,
};
