import type { EventKind, EventLine, PanelState } from '../protocol.ts';
import { count } from '../../plot/words.ts';
import { h, setAttributes, setText } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import type { Part } from './part.ts';

const icons: Record<EventKind, IconName> = {
  open: 'open',
  profile: 'profile',
  partition: 'partition',
  edit: 'edit',
  settings: 'settings',
  skip: 'skip',
  evaluate: 'evaluate',
  stop: 'stop',
  save: 'save',
  rewind: 'rewind',
  probe: 'probe',
  warning: 'warning',
};

/** Panels at least this wide have room for the list from the start. */
const ROOMY = 1040;

/** The last event in one line; all of them when it is opened, newest first. */
export function eventsPart(): Part {
  const last = h('span', { class: 'hz-last-event' });
  const total = h('span', { class: 'hz-soft hz-event-count' });
  const list = h('ol', { class: 'hz-event-list', tabindex: 0, 'aria-label': 'Events, newest first' });
  const element = h(
    'details',
    { class: 'hz-section hz-events' },
    h('summary', {}, h('h3', { class: 'hz-heading' }, 'Events'), last, total),
    list,
  );
  let shown: readonly EventLine[] = [];
  let placed = false;
  const draw = () => {
    const lines = [...shown].reverse();
    if (element.open) list.replaceChildren(...lines.map((event) => h('li', {}, line(event))));
    else list.replaceChildren();
  };
  element.addEventListener('toggle', draw);
  return {
    element,
    update({ events }: PanelState) {
      const { clientWidth } = element.closest('.hi-zfo-panel') ?? element;
      if (!placed && clientWidth > 0) {
        placed = true;
        element.open = clientWidth >= ROOMY;
      }
      if (sameEvents(events, shown)) return;
      shown = events;
      last.replaceChildren(...(events.length > 0 ? [line(events.at(-1)!)] : ['none yet']));
      setText(total, events.length > 1 ? count(events.length, 'event') : '');
      draw();
    },
  };
}

/** States are new objects each time; their events mostly are not news. */
export function sameEvents(a: readonly EventLine[], b: readonly EventLine[]): boolean {
  return (
    a.length === b.length &&
    a.every((event, i) => event.step === b[i]!.step && event.kind === b[i]!.kind && event.text === b[i]!.text)
  );
}

function line({ step, kind, text }: EventLine): HTMLElement {
  const row = h(
    'span',
    { class: 'hz-event', title: text },
    icon(icons[kind] ?? 'open'),
    h('span', { class: 'hz-event-step' }, String(step)),
    h('span', { class: 'hz-event-text' }, text),
  );
  setAttributes(row, { 'data-kind': kind });
  return row;
}
