import type { PanelState } from '../../protocol.ts';
import { duration } from '../../../plot/words.ts';
import { h, setAttributes, setDisabled, setText } from '../dom.ts';
import type { Desk, Part } from '../part.ts';

/** How often to measure cosine and variance, with how many draws, and what that costs. */
export function probesPart(desk: Desk, switchedOn: () => void): Part {
  const field = (label: string) =>
    h('input', {
      type: 'text',
      inputmode: 'numeric',
      class: 'hz-field hz-count',
      'aria-label': label,
      autocomplete: 'off',
    });
  const on = h('input', { type: 'checkbox', class: 'hz-check hz-probes-on' });
  const every = field('Steps between two probes');
  const draws = field('Draws a probe');
  const price = h('span', { class: 'hz-soft hz-price' });
  every.value = '10';
  draws.value = '16';
  let typing = false;

  async function send() {
    typing = false;
    const numbers = [every, draws].map((input) => Number(input.value.trim()));
    const wrong = [every, draws].find((_, i) => !(Number.isSafeInteger(numbers[i]) && numbers[i]! > i));
    for (const input of [every, draws])
      setAttributes(input, { 'aria-invalid': input === wrong ? 'true' : null });
    if (wrong) {
      on.checked = desk.state().probes.every > 0;
      return desk.complain(`Probes: "${wrong.value}" is not a whole number from ${wrong === every ? 1 : 2}.`);
    }
    const [steps, count] = numbers as [number, number];
    const { probes } = desk.state();
    const wanted = on.checked ? steps : 0;
    if (wanted === probes.every && (wanted === 0 || count === probes.draws)) return;
    const answer = await desk.attempt({ do: 'probe', every: wanted, draws: count });
    if (!answer) on.checked = desk.state().probes.every > 0;
    else if (wanted > 0) switchedOn();
  }
  on.addEventListener('change', () => void send());
  for (const input of [every, draws]) {
    input.addEventListener('input', () => {
      typing = true;
      showPrice(desk.state());
    });
    input.addEventListener('change', () => void send());
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') void send();
    });
  }

  function showPrice({ probes, secondsPerStep }: PanelState) {
    const { secondsEach } = probes;
    if (secondsEach === null) return setText(price, 'price after the first');
    const share = secondsPerStep
      ? ` · ${Math.round((100 * secondsEach) / (Number(every.value) * secondsPerStep))}% on top`
      : '';
    setText(price, `${duration(secondsEach)} each${share}`);
  }
  return {
    element: h(
      'div',
      {
        class: 'hz-probes',
        role: 'group',
        'aria-label': 'Probes',
        title: 'Measures cosine and variance of the ZO estimate against the true gradient',
      },
      h('label', { class: 'hz-labelled' }, on, h('span', {}, 'probe every')),
      h('label', { class: 'hz-labelled' }, every, h('span', {}, 'steps with')),
      h('label', { class: 'hz-labelled' }, draws, h('span', {}, 'draws')),
      price,
    ),
    update(state, live) {
      for (const input of [on, every, draws]) setDisabled(input, !live);
      if (!typing && document.activeElement !== every && document.activeElement !== draws) {
        on.checked = state.probes.every > 0;
        if (state.probes.every > 0) every.value = String(state.probes.every);
        if (state.probes.draws > 0) draws.value = String(state.probes.draws);
      }
      showPrice(state);
    },
  };
}
