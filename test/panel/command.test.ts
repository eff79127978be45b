import fc from 'fast-check';
import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { readCommand } from '../../src/panel/command.ts';
import { freshPage } from '../notebook/page.ts';
import { FakeHost } from './fake-host.ts';
import { shownPanel } from './views.ts';

vi.mock('../../src/plot/still/render.ts', () => ({ renderPng: () => Promise.resolve(new Uint8Array([1])) }));

const page = freshPage();
beforeEach(() => void vi.useFakeTimers());
afterEach(async () => {
  await vi.advanceTimersByTimeAsync(0); // stills that are being drawn
  vi.useRealTimers();
});

const asked = (command: object) => readCommand({ id: '1', ...command }, 29)!;

describe('a command', () => {
  it.each([
    [
      { do: 'run', steps: 1e9 },
      /run: steps is 1000000000; it must be a whole number from 1 to 1000000, or null/,
    ],
    [{ do: 'run', steps: 0 }, /steps is 0/],
    [{ do: 'run', steps: 2.5 }, /steps is 2.5/],
    [{ do: 'run' }, /steps is undefined/],
    [{ do: 'run', steps: '5' }, /steps is "5"/],
    [{ do: 'rewind', step: -1 }, /step is -1/],
    [{ do: 'preview', rho: 1.01 }, /rho is 1.01; it must be a number from 0 to 1. Nothing was changed/],
    [{ do: 'preview', rho: NaN }, /rho is null/],
    [{ do: 'partition', rho: null }, /rho is null/],
    [{ do: 'label', tensors: [29], label: 'FO' }, /tensors is \[29\]; it must be .* from 0 to 28/],
    [{ do: 'label', tensors: [-1], label: 'FO' }, /tensors/],
    [{ do: 'label', tensors: [0.5], label: 'FO' }, /tensors/],
    [{ do: 'label', tensors: [], label: 'FO' }, /tensors/],
    [{ do: 'label', tensors: Array.from({ length: 30 }, () => 1), label: 'FO' }, /tensors/],
    [{ do: 'label', tensors: { 0: 1, length: 1 }, label: 'FO' }, /tensors/],
    [{ do: 'label', tensors: [1], label: 'frozen' }, /label is "frozen"; it must be 'FO' or 'ZO'/],
    [{ do: 'label-glob', glob: '', label: 'FO' }, /glob/],
    [{ do: 'label-glob', glob: 'x'.repeat(201), label: 'FO' }, /glob is "x+…/],
    [{ do: 'set', settings: {} }, /settings/],
    [{ do: 'set', settings: [1] }, /settings/],
    [{ do: 'set', settings: { alpha: -1 } }, /alpha is a finite number of at least 0/],
    [{ do: 'set', settings: { alpha: NaN } }, /without alpha = null/],
    [{ do: 'set', settings: { epsilon: 0 } }, /epsilon/],
    [{ do: 'set', settings: { queries: 1e9 } }, /queries is a whole number from 1 to 1000/],
    [{ do: 'set', settings: { schedule: 'x' } }, /without schedule = "x": one of alpha, epsilon/],
    [{ do: 'set', settings: { constructor: 1 } }, /constructor/],
    [{ do: 'probe', every: 5, draws: 1 }, /draws is 1/],
    [{ do: 'probe', every: 5, draws: 1e9 }, /draws/],
    [{ do: 'fly' }, /There is no command "fly". Commands are run, pause/],
    [{ do: 'constructor' }, /There is no command/],
    [{}, /There is no command undefined/],
  ])('%j is refused in words', (command, words) => {
    const answer = asked(JSON.parse(JSON.stringify(command)) as object);
    expect(answer).toHaveProperty('wrong', expect.stringMatching(words));
  });

  it('that is good is cut to its fields', () => {
    const command = { id: '1', do: 'run', steps: null };
    expect(asked({ ...command, more: 1 })).toEqual({ id: '1', command });
    expect(asked({ do: 'set', settings: { alpha: 0, queries: 4 } })).toHaveProperty('command');
  });

  it.each([null, 5, [], {}, { id: 5, do: 'pause' }, { id: '', do: 'pause' }, { id: 'x'.repeat(999) }])(
    'without an id cannot be answered: %j',
    (content) => expect(readCommand(content, 5)).toBeUndefined(),
  );
});

it('500 malformed commands are answered or logged, and change nothing', async () => {
  const host = new FakeHost();
  await host.repartition({ rho: 0.5 });
  const { view } = shownPanel(page(), host);
  await vi.advanceTimersByTimeAsync(200);
  host.calls.length = 0;
  const { labels, settings } = host;
  const names = ['run', 'rewind', 'preview', 'partition', 'label', 'label-glob', 'set', 'probe', 'plotly '];
  const junk = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(-1, 1e9, 1.5, 'FO', [0], [1e6], ['q'], { alpha: 'x' }, { rateFO: -1 }, '__proto__'),
  );
  // every command with one field or more that cannot be meant
  const broken = fc
    .record({
      do: fc.oneof(fc.constantFrom(...names), junk),
      junk,
      junk2: junk,
      id: fc.string({ maxLength: 4 }),
    })
    .map(({ do: what, junk: a, junk2: b, id }) => ({
      ...{ id, do: what, steps: a, step: -1, rho: [a], tensors: a, label: b, glob: 7, settings: [a] },
      ...{ every: a, draws: -1 },
    }))
    .filter(({ do: what, steps }) => what !== 'run' || !(steps === null || Number.isInteger(steps)))
    .filter(({ tensors, label }) => !(Array.isArray(tensors) && (label === 'FO' || label === 'ZO')));
  fc.assert(
    fc.property(fc.oneof(broken, junk), (content) => {
      page().say(view.id, { method: 'custom', content });
    }),
    { numRuns: 500, seed: 11 },
  );
  await vi.advanceTimersByTimeAsync(200);
  const refused = view.answers().filter((answer) => !answer.ok);
  expect(refused.length + page().log.length).toBe(500);
  expect(refused.length).toBeGreaterThan(150);
  expect(host.calls).toEqual([]);
  expect([host.labels, host.settings]).toEqual([labels, settings]);
  expect(await view.answer({ do: 'preview', rho: 0.5 })).toMatchObject({ ok: true });
});
