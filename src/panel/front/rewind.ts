import type { PanelState } from '../protocol.ts';
import { h, setAttributes, setDisabled } from './dom.ts';
import { icon } from './icons.ts';
import type { Desk, Part } from './part.ts';

/** Goes back to an earlier step: a slider to find it on the curves, a field to name it, a button to go. */
export function rewindControl(desk: Desk): Part {
  const field = h('input', {
    type: 'number',
    class: 'hz-field hz-rewind-step',
    'aria-label': 'Step to rewind to',
  });
  const slider = h('input', {
    type: 'range',
    class: 'hz-range hz-rewind-range',
    step: 1,
    'aria-label': 'Step to rewind to',
  });
  const go = h(
    'button',
    {
      type: 'button',
      class: 'hz-button hz-rewind',
      title: 'Go back to this step; what came after it is dropped',
    },
    icon('rewind'),
    h('span', {}, 'Rewind to'),
  );
  let chosen = false; // until then the field follows the run

  /** Null where the field says no step of the range. */
  const stepToGoTo = () => {
    const { rewindable } = desk.state();
    const step = Number(field.value);
    const fits = rewindable && Number.isInteger(step) && step >= rewindable.from && step <= rewindable.to;
    return fits && field.value !== '' ? step : null;
  };
  const choose = (from: HTMLInputElement, to: HTMLInputElement) => {
    chosen = true;
    to.value = from.value;
    desk.markStep(stepToGoTo());
  };
  slider.addEventListener('input', () => choose(slider, field));
  field.addEventListener('input', () => choose(field, slider));
  for (const input of [slider, field]) {
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') forget();
      else if (event.key === 'Enter' && !go.disabled) go.click();
    });
  }
  const forget = () => {
    chosen = false;
    desk.markStep(null);
    show(desk.state());
  };
  go.addEventListener('click', () => {
    const { rewindable } = desk.state();
    const step = stepToGoTo();
    if (step === null) {
      const range = rewindable ? ` from ${rewindable.from} to ${rewindable.to}` : '';
      desk.complain(`"${field.value}" is no step to go back to: give a whole number${range}.`);
      return;
    }
    void desk.attempt({ do: 'rewind', step }).then((answer) => {
      if (answer) forget();
    });
  });

  function show({ rewindable }: PanelState) {
    const { from, to } = rewindable ?? { from: 0, to: 0 };
    for (const input of [slider, field]) {
      setAttributes(input, { min: from, max: to });
      if (!chosen) input.value = rewindable ? String(from) : '';
    }
  }
  return {
    element: h('div', { class: 'hz-rewind-group', role: 'group', 'aria-label': 'Rewind' }, go, field, slider),
    update(state, live) {
      show(state);
      const off = !live || state.rewindable === null || state.run === 'running';
      for (const control of [go, field, slider]) setDisabled(control, off);
    },
  };
}
