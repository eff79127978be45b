export { ANYWIDGET_HINT, Widget, WIDGET_VIEW_MIME, type WidgetEvents, type WidgetOptions } from './widget.ts';
