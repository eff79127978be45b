import { h, setAttributes, setText } from './dom.ts';

/** A bar from 0 to 1 with its name and value over it, and a tick where the limit is. */
export function meter(name: string) {
  const fill = h('div', { class: 'hz-meter-fill' });
  const tick = h('div', { class: 'hz-meter-tick', title: 'the budget' });
  const text = h('span', { class: 'hz-meter-value' });
  const element = h(
    'div',
    { class: 'hz-meter' },
    h('div', { class: 'hz-meter-text' }, h('span', { class: 'hz-soft' }, name), text),
    h('div', { class: 'hz-meter-track', role: 'img', 'aria-label': name }, fill, tick),
  );
  return {
    element,
    show(value: number | null, limit: number | null, words: string) {
      fill.style.width = `${100 * clamped(value ?? 0)}%`;
      setAttributes(tick, { hidden: limit === null });
      tick.style.left = `${100 * clamped(limit ?? 0)}%`;
      setText(text, words);
    },
  };
}

/** A bar that FO and ZO share. */
export function splitMeter(name: string) {
  const first = h('div', { class: 'hz-meter-fill' });
  const text = h('span', { class: 'hz-meter-value' });
  const track = h('div', { class: 'hz-meter-track', role: 'img', 'aria-label': name }, first);
  const element = h(
    'div',
    { class: 'hz-meter hz-meter-split' },
    h('div', { class: 'hz-meter-text' }, h('span', { class: 'hz-soft' }, name), text),
    track,
  );
  return {
    element,
    show(fo: number | undefined, zo: number | undefined, words: (n: number) => string) {
      const all = (fo ?? 0) + (zo ?? 0);
      track.dataset.empty = String(all === 0);
      first.style.width = `${all > 0 ? (100 * (fo ?? 0)) / all : 0}%`;
      setText(text, fo === undefined || zo === undefined ? 'no partition' : `${words(fo)} · ${words(zo)}`);
    },
  };
}

const clamped = (x: number) => Math.min(1, Math.max(0, x));
