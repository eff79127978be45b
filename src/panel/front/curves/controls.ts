import { h, setAttributes, setText } from '../dom.ts';
import { curvePanels, type CurvePanel } from './panels.ts';
import { progressNames, type ProgressAxis } from './progress.ts';

/** What the reader has chosen to see. */
export interface CurveChoice {
  panels: readonly CurvePanel[];
  x: ProgressAxis;
  logY: boolean;
  smoothing: number;
}

/** Chips for the panels, the x-axis, the logarithmic axis and the moving average. */
export function curveControls(changed: () => void) {
  const on = new Set(['loss', 'coefficient', 'norms']);
  const chips = curvePanels.map(({ id, chip }) => {
    const element = h('button', { type: 'button', class: 'hz-button hz-toggle', 'data-panel': id }, chip);
    element.addEventListener('click', () => {
      if (!on.delete(id)) on.add(id);
      if (on.size === 0) on.add(id); // one is always there
      show();
      changed();
    });
    return element;
  });
  const show = () => {
    for (const chip of chips) setAttributes(chip, { 'aria-pressed': String(on.has(chip.dataset.panel!)) });
  };
  show();
  const x = h(
    'select',
    { class: 'hz-field', 'aria-label': 'x-axis' },
    ...Object.entries(progressNames).map(([value, name]) => h('option', { value }, name)),
  );
  x.addEventListener('change', changed);
  const log = h('input', { type: 'checkbox', class: 'hz-check' });
  log.addEventListener('change', changed);
  const smoothing = h('input', {
    type: 'range',
    class: 'hz-range hz-smoothing',
    min: 0,
    max: 0.99,
    step: 0.01,
    value: 0.9,
    'aria-label': 'Weight of the past in the moving average of the losses',
  });
  const weight = h('span', { class: 'hz-number' }, '0.90');
  smoothing.addEventListener('input', () => {
    setText(weight, Number(smoothing.value).toFixed(2));
    changed();
  });
  return {
    element: h(
      'div',
      { class: 'hz-curve-controls' },
      h('div', { class: 'hz-chips', role: 'group', 'aria-label': 'Curves' }, ...chips),
      h(
        'div',
        { class: 'hz-axes' },
        h('label', { class: 'hz-labelled' }, h('span', {}, 'against'), x),
        h('label', { class: 'hz-labelled' }, log, h('span', {}, 'log y')),
        h('label', { class: 'hz-labelled' }, h('span', {}, 'EMA'), smoothing, weight),
      ),
    ),
    choice: (): CurveChoice => ({
      panels: curvePanels.filter(({ id }) => on.has(id)),
      x: x.value as ProgressAxis,
      logY: log.checked,
      smoothing: Number(smoothing.value),
    }),
    /** Shows panels that were hidden. */
    reveal(ids: readonly string[]) {
      const before = on.size;
      for (const id of ids) on.add(id);
      if (on.size === before) return;
      show();
      changed();
    },
  };
}
