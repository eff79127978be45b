import type { Model } from './link.ts';
import { openView } from './view.ts';

/** The page's side of a session's panel, as anywidget wants it. */
export default {
  render: ({ model, el }: { model: Model; el: HTMLElement }) => openView(model, el),
};
