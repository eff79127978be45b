import assert from 'node:assert/strict';
import { runCell, valueOf } from './cells.mjs';
import {
  cell,
  drag,
  eventsShown,
  labelsShown,
  press,
  stepsShown,
  text,
  until,
  waitForState,
  waitForStep,
} from './sight.mjs';

const LABELS = "s.labels.entries.map((e) => ({ FO: 'F', ZO: 'Z', frozen: 'x' })[e.label]).join('')";

/** What hands do to a session while a cell trains it. */
export const editChecks = (lab) => ({
  'clicks, the budget and a setting while a cell runs: in the session, in their order': async () => {
    const { page } = lab;
    const from = await stepsShown(page);
    const events = await valueOf(page, 's.events.length');
    const before = await labelsShown(page);
    const run = runCell(page, 'await s.run(1000, { show: false });');
    await waitForStep(page, from + 2);
    const flip = async (index) => {
      const to = (await cell(page, index).getAttribute('data-label')) === 'F' ? 'ZO' : 'FO';
      await cell(page, index).click();
      return to;
    };
    const first = await flip(20);
    const epsilon = page.locator('[data-setting=epsilon] .hz-setting-field');
    await epsilon.fill('0.002');
    await epsilon.press('Enter');
    const second = await flip(34);
    await until(async () => (await labelsShown(page))[34] === second[0], 'the click has no effect');
    const at = Number(await page.locator('.hz-budget-range').inputValue());
    await drag(page, '.hz-budget-range', at, 0.45, async () => {
      await until(
        async () => /^Let go: /.test(await text(page, '.hz-budget-note')),
        'no answer while dragging',
      );
    });
    // The label is read and then clicked: the new partition must not land in between.
    await page.waitForTimeout(1500);
    const third = await flip(48);
    await until(async () => (await labelsShown(page))[48] === third[0], 'the last click has no effect');
    const steps = await stepsShown(page);
    await waitForStep(page, steps + 2);
    assert.equal(await text(page, '.hz-run-state'), 'Running');
    const shown = await labelsShown(page);
    await press(page, 'Stop');
    await run;
    await waitForState(page, 'idle');
    const kernel = await valueOf(page, LABELS);
    assert.equal(kernel, shown, 'page and session have other labels');
    assert.notEqual(kernel, before);
    const kinds = ['edit', 'settings', 'partition'];
    const said = (
      await valueOf(page, `s.events.slice(${events}).map(({ kind, text }) => ({ kind, text }))`)
    ).filter(({ kind }) => kinds.includes(kind));
    console.log(said.map(({ kind, text: line }) => `        ${kind}: ${line}`).join('\n'));
    assert.deepEqual(
      said.map(({ kind }) => kind),
      ['edit', 'settings', 'edit', 'partition', 'edit'],
    );
    assert.match(said[0].text, new RegExp(first));
    assert.match(said[1].text, /epsilon = 0\.002/);
    assert.match(said[2].text, new RegExp(second));
    assert.match(said[4].text, new RegExp(third));
    assert.deepEqual((await eventsShown(page)).filter(({ kind }) => kinds.includes(kind)).slice(-5), said);
    assert.equal(await valueOf(page, 's.settings.epsilon'), 0.002);
  },
});
