import type { BudgetAnswer, PanelState } from '../protocol.ts';
import { amount, count, percent } from '../../plot/words.ts';
import { h, setAttributes, setDisabled, setText } from './dom.ts';
import { Latest } from './latest.ts';
import { meter, splitMeter } from './meters.ts';
import type { Desk, Part } from './part.ts';
import { button } from './button.ts';

/** A pause of the arrow keys after which the slider counts as let go. */
const KEYS_MS = 500;

const HOW = 'Drag to ask the solver; let go to use its answer.';
const FIRST = 'Profile the model to let the budget choose.';

/** The budget: dragging asks the solver and shows its answer, letting go makes it so, Escape leaves all as it was. */
export function budgetPart(desk: Desk): Part {
  const slider = h('input', {
    type: 'range',
    class: 'hz-range hz-budget-range',
    min: 0,
    max: 1,
    step: 0.01,
    'aria-label': 'Budget rho: share of a full step that first-order training may spend',
  });
  const value = h('output', { class: 'hz-budget-value' });
  const profile = button('Profile', 'profile', () => void desk.attempt({ do: 'profile' }));
  profile.title = 'Measure importance and cost of every tensor';
  const cost = meter('backward cost');
  const kept = meter('importance kept');
  const values = splitMeter('values FO · ZO');
  const tensors = splitMeter('tensors FO · ZO');
  const note = h('p', { class: 'hz-budget-note hz-soft' });
  let dragging = false;
  let cancelled = false;
  let byKeys = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What was let go of and is not in the state yet. */
  let sent: number | null = null;
  /** The session has said yes to it. */
  let granted = false;

  const previews = new Latest<number, BudgetAnswer | undefined>(
    async (rho) => (await desk.send({ do: 'preview', rho })).budget,
    (answer) => {
      if (!answer || !dragging) return;
      show(answer);
      desk.preview(answer);
    },
    (error) => {
      if (!dragging) return;
      desk.preview(null); // this budget has no answer: beyond the profile's reach, or nobody there
      show(inForce());
      const title = String((error as Error).message);
      setText(note, title);
      setAttributes(note, { 'data-warning': true, title });
    },
  );

  const inForce = () => desk.state().budget;
  function rest() {
    clearTimeout(timer);
    previews.cancel();
    dragging = false;
    element.dataset.dragging = 'false';
    desk.preview(null);
    slider.value = String(sent ?? inForce()?.rho ?? 0.6);
    show(inForce());
  }
  async function commit() {
    if (!dragging || cancelled) return;
    const rho = Number(slider.value);
    [sent, granted] = [rho, false];
    rest();
    const answer = await desk.attempt({ do: 'partition', rho });
    if (sent !== rho) return; // let go of elsewhere meanwhile
    granted = answer !== undefined;
    if (!granted || inForce()?.rho === rho) sent = null;
    if (!dragging) rest();
  }
  slider.addEventListener('input', () => {
    if (cancelled) {
      slider.value = String(sent ?? inForce()?.rho ?? 0.6);
      return;
    }
    if (!dragging) setText(note, 'Asking the solver …');
    dragging = true;
    element.dataset.dragging = 'true';
    setText(value, Number(slider.value).toFixed(2));
    previews.ask(Number(slider.value));
  });
  slider.addEventListener('change', () => {
    if (!byKeys) return void commit();
    clearTimeout(timer);
    timer = setTimeout(() => void commit(), KEYS_MS);
  });
  slider.addEventListener('pointerdown', () => {
    byKeys = false;
    cancelled = false;
  });
  slider.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && dragging) {
      cancelled = !byKeys; // the pointer is still down and may move on
      rest();
    } else if (event.key === 'Enter') void commit();
    else if (!event.key.startsWith('Shift') && event.key !== 'Escape') {
      byKeys = true;
      cancelled = false;
    }
  });
  slider.addEventListener('blur', () => {
    if (byKeys) void commit();
  });
  const release = () => {
    // After Escape, the browser's own drag ends here.
    if (cancelled) setTimeout(() => (cancelled = false));
  };
  addEventListener('pointerup', release, { signal: desk.signal });
  desk.signal.addEventListener('abort', () => {
    clearTimeout(timer);
    previews.cancel();
  });

  const element = h(
    'section',
    { class: 'hz-section hz-budget', 'aria-label': 'Budget', 'data-dragging': 'false' },
    h(
      'div',
      { class: 'hz-budget-line' },
      h('h3', { class: 'hz-heading' }, 'Budget'),
      slider,
      h('span', { class: 'hz-rho' }, h('i', {}, 'ρ'), ' = ', value),
      profile,
    ),
    h('div', { class: 'hz-meters' }, cost.element, kept.element, values.element, tensors.element),
    note,
  );

  function show(budget: BudgetAnswer | null) {
    setText(value, dragging ? Number(slider.value).toFixed(2) : ((sent ?? budget?.rho)?.toFixed(2) ?? '–'));
    cost.show(budget?.achieved ?? null, budget?.allowed ?? null, budget ? costWords(budget) : 'unknown');
    const importance = budget?.importanceKept ?? null;
    kept.show(importance, null, importance === null ? 'unknown' : percent(importance));
    const split = budget ?? splitOf(desk.state());
    values.show(split?.sizeFO, split?.sizeZO, amount);
    tensors.show(split?.countFO, split?.countZO, String);
    setText(note, budget ? noteOf(budget, dragging) : profiled(desk.state()) ? HOW : FIRST);
    setAttributes(note, { 'data-warning': Boolean(budget?.warning), title: budget?.warning });
  }
  return {
    element,
    update(state, live) {
      if (granted && state.pending === 0) [sent, granted] = [null, false];
      if (!dragging) rest();
      setDisabled(slider, !live || !profiled(state));
      setDisabled(profile, !live);
      setText(profile.lastElementChild!, profiled(state) ? 'Profile again' : 'Profile');
      setAttributes(profile, { 'data-wanted': !profiled(state) });
    },
  };
}

function costWords({ achieved, allowed }: BudgetAnswer): string {
  if (achieved === null) return 'unknown';
  return allowed === null ? percent(achieved) : `${percent(achieved)} of ${percent(allowed)}`;
}

/** What labels add up to that no budget has given, such as those of another method; undefined without labels. */
function splitOf({ tensors, labels }: PanelState) {
  if (labels === '') return undefined;
  const sum = { sizeFO: 0, sizeZO: 0, countFO: 0, countZO: 0 };
  tensors.forEach(({ size }, i) => {
    if (labels[i] === 'F') [sum.sizeFO, sum.countFO] = [sum.sizeFO + size, sum.countFO + 1];
    if (labels[i] === 'Z') [sum.sizeZO, sum.countZO] = [sum.sizeZO + size, sum.countZO + 1];
  });
  return sum;
}

const profiled = (state: PanelState) => state.tensors.some((t) => t.importance !== null);

function noteOf(budget: BudgetAnswer, dragging: boolean): string {
  if (dragging) {
    const changes = [
      budget.toFO.length > 0 && `${count(budget.toFO.length, 'tensor')} to FO`,
      budget.toZO.length > 0 && `${count(budget.toZO.length, 'tensor')} to ZO`,
    ].filter(Boolean);
    const would = changes.length > 0 ? `Let go: ${changes.join(', ')}` : 'Let go: no tensor changes';
    return `${would} · Escape leaves it · solved in ${solved(budget.solveMs)}${warning(budget)}`;
  }
  return budget.warning ?? HOW;
}

const solved = (ms: number) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);
const warning = (budget: BudgetAnswer) => (budget.warning ? ` · ${budget.warning}` : '');
