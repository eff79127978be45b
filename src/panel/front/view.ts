import { probeColumns, rowColumns, STATE_KEY, type BudgetAnswer, type PanelState } from '../protocol.ts';
import { appearanceNow, followAppearance } from './appearance.ts';
import { budgetPart } from './budget.ts';
import { Columns } from './columns.ts';
import { curvesPart } from './curves/curves.ts';
import { h, setAttributes, setText, uniqueId } from './dom.ts';
import { eventsPart } from './events.ts';
import { Link, Refused, type Command, type CurveMessage, type Model } from './link.ts';
import { TensorMap } from './map/tensor-map.ts';
import type { Desk } from './part.ts';
import { Attendance } from './presence.ts';
import { runBar } from './run-bar.ts';
import { packCurves, unpackCurves } from './saved.ts';
import { settingsPart } from './settings.ts';
import { statusLine } from './status.ts';

/** How often curves are laid aside for the notebook's file. */
const SAVE_MS = 5000;

/** One view of a session's panel in `root`; what it returns takes it away again. */
export function openView(model: Model, root: HTMLElement): () => void {
  const closing = new AbortController();
  const { signal } = closing;
  const state = (): PanelState => model.get(STATE_KEY);
  const received = { rows: new Columns(rowColumns), probes: new Columns(probeColumns) };
  const saved = unpackCurves(model.get('savedCurves'));
  /** What was saved is shown until the kernel has sent all rows. */
  let complete = false;
  const curves = () => (complete ? received : (saved ?? received));

  const status = statusLine();
  const attendance = new Attendance(() => update());
  const link = new Link(model, () => attendance.heard(), receiveCurves);
  const live = () => attendance.presence !== 'away';

  async function attempt(command: Command) {
    try {
      const answer = await link.send(command);
      status.clear();
      return answer;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      status.complain(error.message);
      return undefined;
    }
  }
  const desk: Desk = {
    id: uniqueId(),
    signal,
    state,
    live,
    send: (command) => link.send(command),
    attempt,
    complain: status.complain,
    preview: (budget: BudgetAnswer | null) => map.preview(budget),
    markStep: (step) => plots.mark(step),
  };

  const bar = runBar(desk, status.element);
  const map = new TensorMap(desk);
  const budget = budgetPart(desk);
  const settings = settingsPart(desk);
  const plots = curvesPart(desk, curves);
  const events = eventsPart();
  const parts = [bar, budget, map, settings, plots, events];
  const away = h(
    'p',
    { class: 'hz-away', hidden: true },
    'Not connected to a running session: this is what was saved. Run the cell again for a live panel.',
  );
  const panel = h(
    'div',
    // Lumino's attribute keeps JupyterLab's one-letter shortcuts out of the panel.
    { class: 'hi-zfo-panel', tabindex: -1, 'data-lm-suppress-shortcuts': 'true' },
    bar.element,
    away,
    h(
      'div',
      { class: 'hz-body' },
      h('div', { class: 'hz-left' }, budget.element, map.element, settings.element),
      h('div', { class: 'hz-right' }, plots.element),
      events.element,
    ),
  );
  // Keys of the panel are not the notebook's.
  panel.addEventListener('keydown', (event) => event.stopPropagation());

  function update() {
    const now = state();
    if (!now) return; // before the first state
    away.hidden = live();
    setAttributes(panel, { 'data-presence': attendance.presence });
    for (const part of parts) part.update(now, live());
  }

  function receiveCurves(message: CurveMessage, buffers: DataView[]) {
    const { type, from, count } = message;
    if (type === 'rows' && from === 0) complete = true;
    if (!complete) return; // all of them are on their way
    const columns = type === 'rows' ? received.rows : received.probes;
    if (!columns.place(from, count, buffers)) return hello(); // something was missed
    plots.draw();
    saveSoon();
  }

  let asked = -Infinity;
  /** Says that a view is here and asks for all curves; not again while the answer may be on its way. */
  function hello() {
    if (performance.now() - asked < 1000) return;
    asked = performance.now();
    attendance.called(state()?.run === 'running' ? (state().secondsPerStep ?? 0) : 0);
    link.send({ do: 'curves' }).catch((error: unknown) => status.complain(String((error as Error).message)));
  }

  let saving: ReturnType<typeof setTimeout> | undefined;
  function saveSoon() {
    saving ??= setTimeout(() => {
      saving = undefined;
      // Never sent: a front end saves what the page's model holds.
      model.set('savedCurves', packCurves(received.rows, received.probes));
    }, SAVE_MS);
  }

  const changed = () => update();
  const alive = () => hello();
  model.on(`change:${STATE_KEY}`, changed);
  model.on('comm_live_update', alive);
  const dress = () => setAttributes(panel, { 'data-theme': appearanceNow() });
  dress();
  followAppearance(() => {
    dress();
    plots.draw();
  }, signal);
  root.append(panel);
  update();
  plots.draw();
  hello();

  return () => {
    closing.abort();
    clearTimeout(saving);
    attendance.close();
    link.close();
    model.off(`change:${STATE_KEY}`, changed);
    model.off('comm_live_update', alive);
    setText(status.element, '');
    panel.remove();
  };
}
