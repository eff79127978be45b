import assert from 'node:assert/strict';
import { becomes, drawn, picture, sent, session, traces, until } from './driver.mjs';

const state = (page) => page.locator('.hz-run-state').innerText();
const named = (page, name) => page.getByRole('button', { name, exact: true });

/** Run, pause, step, stop, rewind; two views; the page's list of events. */
export const runChecks = ({ open }) => ({
  'run, pause, resume, step and stop; what makes no sense is off': async () => {
    const page = await open({ model: 'tiny', stepMs: 60 });
    assert.ok(await named(page, 'Stop').isDisabled());
    assert.ok(await named(page, 'Rewind to').isDisabled(), 'nothing to rewind to');
    await page.locator('.hz-steps').fill('');
    await named(page, 'Run').click();
    await until(async () => (await state(page)) === 'Running', 'does not run');
    assert.deepEqual((await sent(page, 'run')).at(-1).steps, null);
    assert.ok(await named(page, 'Step').isDisabled());
    await named(page, 'Pause').click();
    await until(async () => (await state(page)) === 'Paused', 'does not pause');
    const steps = await session(page, (s) => s.state.steps);
    await named(page, 'Step').click();
    await until(async () => (await session(page, (s) => s.state.steps)) === steps + 1, 'no step');
    await named(page, 'Resume').click();
    await until(async () => (await state(page)) === 'Running', 'does not resume');
    await named(page, 'Stop').click();
    await until(async () => (await state(page)) === 'Idle', 'does not stop');
    assert.ok(await named(page, 'Rewind to').isEnabled());
  },
  'a number of steps ends the run; progress, pace and what is left': async () => {
    const page = await open({ model: 'tiny', stepMs: 50 });
    await page.locator('.hz-steps').fill('ten');
    await named(page, 'Run').click();
    await becomes(() => page.locator('[role=status]').innerText(), /"ten" is no number of steps/);
    assert.equal((await sent(page, 'run')).length, 0);
    await page.locator('.hz-steps').fill('12');
    await page.locator('.hz-steps').press('Enter');
    await until(async () => /Step \d+ of 12/.test(await page.locator('.hz-done').innerText()), 'no progress');
    await until(
      async () => /50 ms a step · .* left/.test(await page.locator('.hz-meta').innerText()),
      'no pace',
    );
    await becomes(() => page.locator('[role=progressbar]').getAttribute('aria-valuemax'), '12');
    await until(async () => (await state(page)) === 'Idle', 'does not end');
    await becomes(() => page.locator('.hz-done').innerText(), '12 steps');
  },
  'rewinding marks the step, drops what came after, and goes on from there': async () => {
    const page = await open({ model: 'tiny', rows: 120, stepMs: 40 });
    await drawn(page);
    await page.locator('.hz-rewind-step').fill('500');
    await named(page, 'Rewind to').click();
    await becomes(() => page.locator('[role=status]').innerText(), /from 0 to 119/);
    await page.locator('.hz-rewind-step').fill('40');
    await becomes(() => page.locator('.hz-rewind-range').inputValue(), '40');
    await until(
      () =>
        page.evaluate(() =>
          document.querySelector('.hz-chart').layout.shapes.some((s) => s.line.width === 2),
        ),
      'no mark',
    );
    await picture(page, 'rewind');
    await named(page, 'Rewind to').click();
    await until(async () => (await traces(page))[0].last === 39, 'rows are still there');
    await becomes(() => page.locator('.hz-done').innerText(), '40 steps');
    await named(page, 'Step').click();
    await until(async () => (await traces(page))[0].last === 40, 'no new row');
  },
  'pending edits are counted': async () => {
    const page = await open({ model: 'tiny', rows: 3, held: true });
    await named(page, 'Run').click();
    await until(async () => (await state(page)) === 'Running', 'does not run');
    for (const i of [3, 4]) await page.locator(`.hz-cell[data-index="${i}"]`).click();
    await until(
      async () => (await page.locator('.hz-waiting').innerText()) === '2 edits at the end of this step',
      'not counted',
    );
    await session(page, (s) => s.endStep());
    await until(async () => (await page.locator('.hz-waiting').innerText()) === '', 'never lands');
  },
  'nothing jumps while it runs': async () => {
    const page = await open({ model: 'smol', rows: 9, stepMs: 60, probes: true });
    await drawn(page);
    await named(page, 'Run').click();
    await page.waitForTimeout(300);
    const boxes = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.hz-section, .hz-button, .hz-field, .hz-chart, .hz-meter')].map(
          (e) => {
            const { x, y, width, height } = e.getBoundingClientRect();
            return e.matches('.hz-events') ? [x, y, width] : [x, y, width, height];
          },
        ),
      );
    const before = await boxes();
    for (let i = 0; i < 12; i++) {
      await page.waitForTimeout(150);
      assert.deepEqual(await boxes(), before);
    }
    await picture(page, 'running');
  },
  'events: the last one, all of them, skipped updates in another colour': async () => {
    const page = await open({ model: 'tiny', rows: 100 }, { width: 900, height: 1600 });
    await becomes(() => page.locator('.hz-last-event').innerText(), /update skipped/);
    await page.locator('.hz-events summary').click();
    await becomes(() => page.locator('.hz-event-list li').count(), 3);
    const colour = (kind) =>
      page.evaluate(
        (k) =>
          getComputedStyle(document.querySelector(`.hz-event-list [data-kind=${k}] .hz-event-text`)).color,
        kind,
      );
    assert.notEqual(await colour('skip'), await colour('partition'));
    assert.notEqual(
      await page.locator('.hz-event-list [data-kind=skip] .hz-icon').getAttribute('data-icon'),
      await page.locator('.hz-event-list [data-kind=partition] .hz-icon').getAttribute('data-icon'),
    );
    await page.locator('.hz-events').scrollIntoViewIfNeeded();
    await drawn(page);
    await picture(page, 'middle');
  },
});
