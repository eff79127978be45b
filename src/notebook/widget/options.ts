import type { Figure } from '../figure.ts';

/** What a widget is made of. */
export interface WidgetOptions<State extends object = Record<string, unknown>> {
  /** Source of an ES module whose default export is `{ render({ model, el }) }`, as anywidget takes it. */
  esm: string;
  /** Style sheet of the page; none by default. */
  css?: string;
  /** Values that kernel and page share. JSON; typed arrays and buffers inside it travel as they are and arrive as DataView. */
  state?: State;
  /** Classes of the element that the page draws in; none by default. */
  classes?: readonly string[];
  /** What is printed where nothing can be drawn. */
  text?: string;
  /** What is shown where there is no page to draw in; its picture is kept in saved notebooks. */
  still?: Figure;
}

/** What a widget tells its listeners. */
export interface WidgetEvents<State extends object = Record<string, unknown>> {
  /** The page has changed these values. What a page sends is JSON of any type; nothing checks it against `State`. */
  change: [changes: Readonly<Partial<State>>];
  /** The page has sent something by `model.send`. */
  message: [content: unknown, buffers: readonly Buffer[]];
  /** A page that has loaded (again) has found the widget; updates of outputs made before do not reach it. */
  reload: [];
  /** The widget is closed, from here or from the page. */
  closed: [];
}
