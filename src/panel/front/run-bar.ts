import type { PanelState, RunState } from '../protocol.ts';
import { count, duration } from '../../plot/words.ts';
import { button } from './button.ts';
import { h, setAttributes, setDisabled, setText } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import type { Desk, Part } from './part.ts';
import { rewindControl } from './rewind.ts';

const words: Record<RunState, string> = { idle: 'Idle', running: 'Running', paused: 'Paused' };

/** Run, pause, step, stop and rewind, and how far the run is. */
export function runBar(desk: Desk, status: HTMLElement): Part {
  const title = h('h2', { class: 'hz-title' });
  const light = h('span', { class: 'hz-run-state' });
  const steps = h('input', {
    type: 'text',
    inputmode: 'numeric',
    class: 'hz-field hz-steps',
    placeholder: 'no end',
    'aria-label': 'Number of steps to run; empty: until it is stopped',
    title: 'Number of steps to run; empty: until it is stopped',
    value: '50',
  });
  const run = button('Run', 'run', () => void toggle());
  run.classList.add('hz-primary', 'hz-run');
  const step = button('Step', 'step', () => void desk.attempt({ do: 'step' }));
  const stop = button('Stop', 'stop', () => void desk.attempt({ do: 'stop' }));
  const rewind = rewindControl(desk);
  const bar = h('div', { class: 'hz-progress-fill' });
  const progress = h(
    'div',
    { class: 'hz-progress', role: 'progressbar', 'aria-label': 'Steps of this run' },
    bar,
  );
  const done = h('span', { class: 'hz-done' });
  const pace = h('span', { class: 'hz-soft' });
  const waiting = h('span', { class: 'hz-waiting' });

  async function toggle() {
    const state = desk.state().run;
    if (state === 'running') return void (await desk.attempt({ do: 'pause' }));
    // A paused run goes on to where it was going.
    const wanted = state === 'paused' ? null : stepsWanted(steps.value);
    if (wanted === undefined) {
      setAttributes(steps, { 'aria-invalid': 'true' });
      desk.complain(
        `"${steps.value}" is no number of steps: give a whole number from 1, or nothing to run until stopped.`,
      );
      return;
    }
    setAttributes(steps, { 'aria-invalid': null });
    await desk.attempt({ do: 'run', steps: wanted });
  }
  steps.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !run.disabled && desk.state().run === 'idle') void toggle();
  });

  const element = h(
    'header',
    { class: 'hz-run-bar' },
    h('div', { class: 'hz-head' }, title, light),
    h(
      'div',
      { class: 'hz-controls', role: 'group', 'aria-label': 'Run' },
      run,
      h('label', { class: 'hz-labelled' }, steps, h('span', {}, 'steps')),
      step,
      stop,
      rewind.element,
    ),
    progress,
    h('div', { class: 'hz-meta' }, done, pace, waiting, status),
  );

  function update(state: PanelState, live: boolean) {
    const shown = live ? state.run : 'idle';
    setText(title, state.title);
    setText(light, live ? words[shown] : 'Not connected');
    setAttributes(light, { 'data-run': live ? shown : 'away' });
    const face: [IconName, string] =
      shown === 'running' ? ['pause', 'Pause'] : ['run', shown === 'paused' ? 'Resume' : 'Run'];
    if (run.dataset.face !== face[0]) {
      run.dataset.face = face[0];
      run.firstElementChild!.replaceWith(icon(face[0]));
    }
    setText(run.lastElementChild!, face[1]);
    setDisabled(run, !live);
    setDisabled(steps, !live || shown !== 'idle');
    setDisabled(step, !live || shown === 'running');
    setDisabled(stop, !live || shown === 'idle');
    rewind.update(state, live);
    const until = live ? state.until : null; // nobody goes there any more
    const share = until ? Math.min(1, state.steps / until) : 0;
    bar.style.transform = `scaleX(${share})`;
    setAttributes(progress, {
      'data-endless': shown !== 'idle' && until === null,
      'data-run': shown,
      'aria-valuemin': 0,
      'aria-valuemax': until,
      'aria-valuenow': until === null ? null : state.steps,
    });
    setText(done, until === null ? count(state.steps, 'step') : `Step ${state.steps} of ${until}`);
    setText(pace, live ? paceOf(state) : '');
    setText(waiting, state.pending > 0 ? `${count(state.pending, 'edit')} at the end of this step` : '');
  }
  return { element, update };
}

/** `` as null (no end); undefined for what is no number of steps. */
export function stepsWanted(text: string): number | null | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const steps = Number(trimmed);
  return Number.isSafeInteger(steps) && steps > 0 ? steps : undefined;
}

function paceOf({ secondsPerStep: pace, until, steps }: PanelState): string {
  if (pace === null) return '';
  const each = pace < 1 ? `${Math.round(1000 * pace)} ms a step` : `${duration(pace)} a step`;
  const left = until === null ? 0 : (until - steps) * pace;
  return left > 0 ? `${each} · ${duration(left < 10 ? Math.ceil(left) : Math.round(left))} left` : each;
}
