import assert from 'node:assert/strict';
import { idle, runCell, valueOf } from './cells.mjs';
import {
  lastPoint,
  live,
  press,
  stepsShown,
  text,
  traces,
  until,
  waitForState,
  waitForStep,
} from './sight.mjs';

/** Runs from a cell and from the panel, probes, going back, the stop button of the front end. */
export const runChecks = (lab) => ({
  'the panel is drawn under its cell, and is live': async () => {
    const { page } = lab;
    await live(page);
    assert.equal(await page.locator('.hz-cell').count(), await valueOf(page, 's.parameters.length'));
    assert.equal(await text(page, '.hz-run-state'), 'Idle');
  },
  'a run that a cell starts: the curves follow; pause, step, go on, stop': async () => {
    const { page } = lab;
    const run = runCell(page, 'await s.run(500);');
    await waitForState(page, 'running');
    await waitForStep(page, 6);
    await until(async () => (await lastPoint(page)) >= 5, 'the curves stand still');
    await lab.picture('running');
    await press(page, 'Pause');
    await waitForState(page, 'paused');
    const held = await stepsShown(page);
    await page.waitForTimeout(1000);
    assert.equal(await stepsShown(page), held, 'a paused run goes on');
    await press(page, 'Step');
    await waitForStep(page, held + 1);
    assert.equal(await stepsShown(page), held + 1);
    await press(page, 'Resume');
    await waitForStep(page, held + 4);
    await press(page, 'Stop');
    await run;
    await waitForState(page, 'idle');
    const steps = await valueOf(page, 's.steps');
    assert.equal(await stepsShown(page), steps);
    assert.match(await valueOf(page, 's.events.at(-1).text'), /stopped after \d+ of 500 steps/);
  },
  'a run that the panel starts ends where it was told to': async () => {
    const { page } = lab;
    const from = await stepsShown(page);
    await page.locator('.hz-steps').fill('7');
    await press(page, 'Run');
    await waitForStep(page, from + 7);
    await waitForState(page, 'idle');
    assert.equal(await valueOf(page, 's.steps'), from + 7);
  },
  'probes: points of cosine and variance arrive': async () => {
    const { page } = lab;
    await page.locator('.hz-count').first().fill('3');
    await page.locator('.hz-count').nth(1).fill('4');
    await page.locator('.hz-probes-on').check();
    const run = runCell(page, 'await s.run(12, { show: false });');
    const points = async () => {
      const drawn = await traces(page);
      return ['mean ± standard error', 'measured', 'law'].map(
        (name) => drawn.find((trace) => trace.name === name)?.count ?? 0,
      );
    };
    await until(async () => (await points()).every((count) => count >= 3), 'no points', 60_000);
    await run;
    const probes = await valueOf(page, 's.probeRows.length');
    await until(async () => (await points()).every((count) => count === probes), `not all ${probes} points`);
    await lab.picture('probes');
    await page.locator('.hz-probes-on').uncheck();
    await until(async () => (await valueOf(page, 's.probes.every')) === 0, 'still on');
  },
  'rewind: the curves drop, and the same losses come again': async () => {
    const { page } = lab;
    await runCell(page, 'await s.run(15, { show: false });');
    const losses = 's.rows.slice(-12).flatMap((r) => [r.step, r.loss, r.perturbedLoss])';
    const before = await valueOf(page, losses);
    const steps = await stepsShown(page);
    await page.locator('.hz-rewind-step').fill(String(steps - 12));
    await press(page, 'Rewind to');
    await page.waitForFunction(
      (wanted) => document.querySelector('.hz-done').textContent.startsWith(`${wanted} step`),
      steps - 12,
    );
    await until(async () => (await lastPoint(page)) === steps - 13, 'the curves keep what is gone');
    assert.equal(await valueOf(page, 's.rows.length'), steps - 12);
    await runCell(page, 'await s.run(12, { show: false });');
    assert.deepEqual(await valueOf(page, losses), before);
    await until(async () => (await lastPoint(page)) === steps - 1, 'the curves do not go on');
  },
  "the front end's stop button ends a run between steps, and the session is whole": async () => {
    const { page } = lab;
    const from = await stepsShown(page);
    const run = runCell(
      page,
      'const cut = await s.run(500, { show: false }); console.log(String(cut).length > 0)',
    );
    await waitForStep(page, from + 3);
    await page.locator('.jp-NotebookPanel-toolbar [data-jp-item-name=interrupt] jp-button').click();
    await run; // would fail if the cell had ended with an error
    await idle(page);
    await waitForState(page, 'idle');
    const [steps, said] = await valueOf(page, '[s.steps, s.events.at(-1).text]');
    assert.match(said, /^stopped after \d+ of 500 steps$/);
    await runCell(page, 'await s.run(2, { show: false });');
    await waitForStep(page, steps + 2);
  },
});
