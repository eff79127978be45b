export type { FigureSpec } from './spec.ts';
export { colours } from './theme.ts';
export type { Progress } from './progress.ts';
export { profileFigure, profileTable, profileText } from './profile.ts';
export { partitionFigure, partitionTable, partitionText } from './partition.ts';
export {
  historyFigure,
  historyTable,
  historyText,
  liveLossFigure,
  type HistoryFigureOptions,
} from './history.ts';
export { varianceFigure, varianceTable, varianceText } from './variance.ts';
export { evaluationFigure, evaluationTable, evaluationText } from './evaluation.ts';
export { compareFigure, compareTable, type ComparedRun } from './compare.ts';
