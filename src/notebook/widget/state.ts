import { ConfigError } from '../../errors.ts';

/** Keys of ipywidgets' DOMWidgetModel: a page takes their values for models and breaks on anything else. */
const TAKEN = new Set(['layout', 'style', 'tooltip', 'tabbable']);

/**
 * @throws ConfigError for a key that the widget protocol uses itself
 */
export function checkKeys(keys: Iterable<string>): void {
  const wrong = [...keys].find((key) => TAKEN.has(key) || key.startsWith('_'));
  if (wrong === undefined) return;
  throw new ConfigError(
    `A widget's state cannot have the key ${wrong}: ipywidgets uses ${[...TAKEN].join(', ')} and names with _ itself. Take another name.`,
  );
}

/** The part of an anywidget's state that tells the page how to draw it. */
export function viewState(esm: string, css: string, classes: readonly string[]): Record<string, unknown> {
  return {
    _model_module: 'anywidget',
    _model_module_version: '*',
    _model_name: 'AnyModel',
    _view_module: 'anywidget',
    _view_module_version: '*',
    _view_name: 'AnyView',
    _view_count: null,
    _dom_classes: classes,
    _anywidget_id: 'hi-zfo.Widget',
    _esm: esm,
    _css: css,
  };
}
