import { h, setText } from './dom.ts';
import type { Desk, Part } from './part.ts';
import { countScale, logScale } from './scale.ts';
import { settingRow, type Setting, type SettingRow } from './setting-row.ts';

const settings: readonly Setting[] = [
  {
    key: 'alpha',
    name: 'α',
    title: 'alpha: weight of the perturbed loss in the FO gradient',
    scale: logScale(1e-3, 10, { zero: true }),
    wants: 'a number from 0',
  },
  {
    key: 'epsilon',
    name: 'ε',
    title: 'epsilon: perturbation scale',
    scale: logScale(1e-6, 1),
    wants: 'a number above 0',
  },
  {
    key: 'rateFO',
    name: 'rate FO',
    title: 'learning rate of FO tensors',
    scale: logScale(1e-8, 0.1, { zero: true }),
    wants: 'a number from 0',
  },
  {
    key: 'rateZO',
    name: 'rate ZO',
    title: 'learning rate of ZO tensors',
    scale: logScale(1e-10, 0.1, { zero: true }),
    wants: 'a number from 0',
  },
  {
    key: 'queries',
    name: 'q',
    title: 'queries: perturbed passes a step',
    scale: countScale(64),
    wants: 'a whole number from 1 to 64',
  },
];

/** Sliders and fields for what can be turned live. */
export function settingsPart(desk: Desk): Part {
  const waiting = h('span', { class: 'hz-soft' });
  const rows: SettingRow[] = settings.map((setting) => settingRow(desk, setting, () => tell()));
  const tell = (): void =>
    setText(
      waiting,
      rows
        .map((row) => row.waits())
        .filter(Boolean)
        .join(' · '),
    );
  return {
    element: h(
      'section',
      { class: 'hz-section', 'aria-label': 'Settings' },
      h('div', { class: 'hz-settings-head' }, h('h3', { class: 'hz-heading' }, 'Settings'), waiting),
      h('div', { class: 'hz-settings' }, ...rows.map((row) => row.element)),
    ),
    update(state, live) {
      for (const row of rows) row.update(state, live);
    },
  };
}
