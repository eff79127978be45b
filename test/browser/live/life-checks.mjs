import assert from 'node:assert/strict';
import { idle, runCell, valueOf } from './cells.mjs';
import { latencyText, measureLatency } from './latency.mjs';
import {
  cell,
  eventsShown,
  labelsShown,
  lastPoint,
  live,
  press,
  stepsShown,
  text,
  until,
  waitForState,
  waitForStep,
} from './sight.mjs';

/** The time that a click takes, a page that reloads, two tabs, light and dark. */
export const lifeChecks = (lab) => ({
  'clicks while a cell runs have their effect': async () => {
    const found = await measureLatency(lab.page, lab.clicks);
    console.log(latencyText(found).replace(/^/gm, '        '));
  },
  'a reload while a cell runs: the panel is there again, and live': async () => {
    const { page } = lab;
    const from = await stepsShown(page);
    runCell(page, 'await s.run(100000, { show: false });').catch(() => undefined); // the page that waits goes
    await waitForStep(page, from + 3);
    const labels = await labelsShown(page);
    await lab.command(page, 'docmanager:save');
    await page.waitForTimeout(500);
    await page.reload();
    await lab.shown(page);
    await live(page);
    await waitForState(page, 'running');
    assert.equal(await labelsShown(page), labels);
    const step = await stepsShown(page);
    await waitForStep(page, step + 3);
    await until(async () => (await lastPoint(page)) > step, 'the curves stand still');
    const to = labels[20] === 'F' ? 'Z' : 'F';
    await cell(page, 20).click();
    await until(async () => (await labelsShown(page))[20] === to, 'a click has no effect');
  },
  'two tabs show the same, and a click in one reaches the other': async () => {
    const { page } = lab;
    const other = await lab.openTab();
    await live(other);
    const labels = await labelsShown(page);
    assert.equal(await labelsShown(other), labels);
    const to = labels[34] === 'F' ? 'Z' : 'F';
    await cell(other, 34).click();
    for (const one of [other, page])
      await until(async () => (await labelsShown(one))[34] === to, 'the click is not seen');
    await press(other, 'Pause');
    for (const one of [other, page]) await waitForState(one, 'paused');
    assert.equal(await stepsShown(other), await stepsShown(page));
    assert.equal(await labelsShown(other), await labelsShown(page));
    assert.deepEqual(await eventsShown(other), await eventsShown(page));
    const steps = await stepsShown(page);
    for (const one of [other, page]) {
      await one.bringToFront(); // out of sight nothing is drawn
      await until(async () => (await lastPoint(one)) === steps - 1, 'the curves lag behind');
    }
    await press(page, 'Stop');
    for (const one of [other, page]) await waitForState(one, 'idle');
    await other.close();
    await idle(page);
    assert.equal(await valueOf(page, 's.steps'), await stepsShown(page));
  },
  'light and dark': async () => {
    const { page } = lab;
    await lab.picture('light');
    await lab.theme(page, 'Dark');
    await page.waitForSelector('.hi-zfo-panel[data-theme=dark]');
    await page.waitForTimeout(800);
    await lab.picture('dark');
    await lab.theme(page, 'Light');
    await page.waitForSelector('.hi-zfo-panel[data-theme=light]');
    assert.match(await text(page, '.hz-run-state'), /Idle/);
  },
});
