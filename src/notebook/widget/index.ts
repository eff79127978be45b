export type { WidgetEvents, WidgetOptions } from './options.ts';
export { ANYWIDGET_HINT, Widget, WIDGET_VIEW_MIME } from './widget.ts';
