export { currentSink, setSink, settled, show, type DisplaySink } from './display.ts';
export { Figure, type StillRenderer } from './figure.ts';
export type { Comm, CommRegistry, DisplayOptions, KernelApi, MimeBundle } from './kernel-api.ts';
export { kernelApi } from './kernel-api.ts';
export { liveFigure, type LiveFigure, type LiveOptions } from './live.ts';
export { progress, type Progress, type ProgressOptions } from './progress.ts';
export { cellSignal, stoppable } from './signal.ts';
export type { PlotlySpec } from './spec.ts';
export { TableDisplay, tableBundle, type TableOptions } from './table.ts';
export {
  ANYWIDGET_HINT,
  Widget,
  WIDGET_VIEW_MIME,
  type WidgetEvents,
  type WidgetOptions,
} from './widget/index.ts';
