export type { FigureSpec } from './spec.ts';
export { colours } from './theme.ts';
export type { Progress } from './progress.ts';
export { profileFigure } from './profile.ts';
export { profileTable, profileText } from './profile-words.ts';
export { partitionFigure, partitionTable, partitionText } from './partition.ts';
export { historyFigure, type HistoryFigureOptions } from './history.ts';
export { historyTable, historyText } from './history-text.ts';
export { liveLossFigure } from './live.ts';
export { varianceFigure } from './variance.ts';
export { varianceTable, varianceText } from './variance-text.ts';
export { evaluationFigure, evaluationTable, evaluationText } from './evaluation.ts';
export {
  ownEvaluationFigure,
  ownEvaluationTable,
  ownEvaluationText,
  type OwnEvaluation,
} from './own-evaluation.ts';
export { batchFigure, batchHtml, batchTable, batchText, type BatchReport } from './batch.ts';
export { compareFigure, compareTable, type ComparedRun } from './compare.ts';
export { groupTable } from './variance-text.ts';
export { sweepFigure, sweepTable, sweepText } from './sweep.ts';
export {
  routesFigure,
  routesTable,
  routesText,
  type RoutesFigureOptions,
  type RoutesSeries,
} from './routes.ts';
export { splitFigure, splitTable, splitText } from './split.ts';
export { curvatureFigure, curvatureTable, curvatureText, sharpnessText } from './curvature.ts';
export { lineFigure, lineTable, lineText, planeFigure, planeTable, planeText } from './landscape.ts';
export { plainFigure, type PlainAxis, type PlainFigureOptions } from './plain.ts';
export { surfaceFigure, type Grid, type PathPoint, type SurfaceOptions } from './surface.ts';
export { lawFigure, type LawFigureOptions, type LawSeries } from './law.ts';
export { arrowFigure, type ArrowFigureOptions, type Arrows, type Point } from './arrows.ts';
export { descentFigure, descentTable, descentText } from './descent.ts';
