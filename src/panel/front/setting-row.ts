import type { PanelSettings } from '../protocol.ts';
import { h, setAttributes, setDisabled } from './dom.ts';
import type { Desk, Part } from './part.ts';
import { settingText, type Scale } from './scale.ts';

/** A setting that can be turned. */
export interface Setting {
  key: keyof PanelSettings;
  name: string;
  title: string;
  scale: Scale;
  wants: string;
}

export interface SettingRow extends Part {
  /** The value in force, in words, while another is wanted. */
  waits: () => string;
}

/** A pause of the arrow keys after which the slider counts as let go. */
const KEYS_MS = 500;

/** A slider and a field for one setting; what the hand has chosen is shown until the session has it. */
export function settingRow(
  desk: Desk,
  { key, name, title, scale, wants }: Setting,
  changed: () => void,
): SettingRow {
  const slider = h('input', {
    type: 'range',
    class: 'hz-range',
    min: 0,
    max: 1,
    step: 0.002,
    'aria-label': title,
  });
  const field = h('input', {
    type: 'text',
    inputmode: 'decimal',
    class: 'hz-field hz-setting-field',
    'aria-label': title,
    autocomplete: 'off',
  });
  const element = h(
    'div',
    { class: 'hz-setting', title, 'data-setting': key },
    h('span', { class: 'hz-setting-name' }, name),
    slider,
    field,
  );
  /** What the hand has chosen and the state does not have yet. */
  let wanted: number | null = null;
  let sending = 0;
  /** The session has said yes; the state that shows it may be on its way. */
  let granted = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  desk.signal.addEventListener('abort', () => clearTimeout(timer));

  const inForce = () => desk.state().settings[key];
  const waits = () =>
    wanted !== null && wanted !== inForce() ? `${name}: ${settingText(inForce())} in force` : '';
  function show() {
    const value = wanted ?? inForce();
    const typing = document.activeElement === field && field.dataset.typing === 'true';
    if (!typing) field.value = settingText(value);
    const position = scale.toPosition(value);
    if (wanted === null) slider.value = String(position);
    setAttributes(slider, { 'aria-valuetext': settingText(value) });
    element.dataset.pending = String(waits() !== '');
    changed();
  }
  async function send(value: number) {
    clearTimeout(timer);
    wanted = value;
    show();
    if (value === inForce() && sending === 0) {
      wanted = null;
      return show();
    }
    granted = false;
    sending++;
    const answer = await desk.attempt({ do: 'set', settings: { [key]: value } });
    sending--;
    granted = answer !== undefined;
    if (sending === 0 && wanted === value && (!granted || inForce() === value)) wanted = null;
    show();
  }
  function settle() {
    if (wanted !== null && sending === 0 && wanted !== inForce()) void send(wanted);
    else if (sending === 0) {
      wanted = null;
      show();
    }
  }
  slider.addEventListener('input', () => {
    wanted = scale.toValue(Number(slider.value));
    granted = false;
    field.dataset.typing = 'false';
    show();
  });
  // A drag ends with one `change`; arrow keys give one each, so these wait for a pause.
  slider.addEventListener('change', () => {
    clearTimeout(timer);
    timer = setTimeout(settle, slider.dataset.keys === 'true' ? KEYS_MS : 0);
  });
  slider.addEventListener('pointerdown', () => (slider.dataset.keys = 'false'));
  slider.addEventListener('keydown', (event) => {
    slider.dataset.keys = 'true';
    if (event.key !== 'Escape') return;
    clearTimeout(timer);
    wanted = null;
    show();
  });
  field.addEventListener('input', () => {
    field.dataset.typing = 'true';
    setAttributes(field, { 'aria-invalid': null });
  });
  const typed = () => {
    if (field.dataset.typing !== 'true') return;
    const value = Number(field.value.trim().replace(',', '.'));
    if (field.value.trim() === '' || !scale.accepts(value)) {
      setAttributes(field, { 'aria-invalid': 'true' });
      desk.complain(`${title.split(':')[0]}: "${field.value}" is not ${wants}.`);
      return;
    }
    field.dataset.typing = 'false';
    void send(value);
  };
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') typed();
    if (event.key !== 'Escape') return;
    field.dataset.typing = 'false';
    setAttributes(field, { 'aria-invalid': null });
    show();
  });
  field.addEventListener('blur', () => {
    typed();
    if (field.getAttribute('aria-invalid') === 'true') {
      field.dataset.typing = 'false';
      setAttributes(field, { 'aria-invalid': null });
      show();
    }
  });
  return {
    element,
    update({ pending }, live) {
      if (sending === 0 && (wanted === inForce() || (granted && pending === 0))) {
        wanted = null;
        granted = false;
      }
      for (const control of [slider, field]) setDisabled(control, !live);
      show();
    },
    waits,
  };
}
