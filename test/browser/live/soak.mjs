import assert from 'node:assert/strict';
import { runCell, valueOf } from './cells.mjs';
import { residentBytes } from './processes.mjs';
import { press, stepsShown, waitForState, waitForStep } from './sight.mjs';

const EVERY_MS = 5000;
const MB = 1e6;
/** What the second half may grow by and still be called flat: noise of the collectors, and rows of the history. */
const FLAT_MB = { browser: 5, kernel: 16 };

/** Means of the third and the last quarter of the samples. */
function secondHalf(samples) {
  const quarter = Math.floor(samples.length / 4);
  const mean = (values) => values.reduce((s, x) => s + x, 0) / values.length;
  return [mean(samples.slice(-2 * quarter, -quarter)), mean(samples.slice(-quarter))];
}

/** Many updates for a long time: memory of page and kernel stays as it is. */
export const soakChecks = (lab) => ({
  'updates for a long time leave the memory of page and kernel flat': async () => {
    const { page } = lab;
    const pid = await valueOf(page, 'process.pid');
    const devtools = await page.context().newCDPSession(page);
    const from = await stepsShown(page);
    const run = runCell(page, 'await s.run(1000000, { show: false });');
    await waitForStep(page, from + 3);
    const first = await stepsShown(page);
    // A state is a new text in the panel: each is seen, however short.
    await page.evaluate(() => {
      globalThis.hiZfoUpdates = 0;
      new MutationObserver(() => globalThis.hiZfoUpdates++).observe(document.querySelector('.hz-done'), {
        childList: true,
        characterData: true,
        subtree: true,
      });
    });
    const samples = { browser: [], kernel: [] };
    const start = performance.now();
    while (performance.now() - start < 1000 * lab.soak) {
      await page.waitForTimeout(EVERY_MS);
      await devtools.send('HeapProfiler.collectGarbage');
      samples.browser.push((await devtools.send('Runtime.getHeapUsage')).usedSize / MB);
      samples.kernel.push(residentBytes(pid) / MB);
    }
    const seconds = (performance.now() - start) / 1000;
    const updates = await page.evaluate(() => globalThis.hiZfoUpdates);
    const steps = (await stepsShown(page)) - first;
    console.log(
      `        ${seconds.toFixed(0)} s: ${(steps / seconds).toFixed(1)} steps and ${(updates / seconds).toFixed(1)} updates a second`,
    );
    await press(page, 'Stop');
    await run;
    await waitForState(page, 'idle');
    for (const [what, all] of Object.entries(samples)) {
      const [third, last] = secondHalf(all);
      const line = `${what}: ${all[0].toFixed(1)} MB at first, third quarter ${third.toFixed(1)} MB, last quarter ${last.toFixed(1)} MB`;
      console.log(`        ${line}`);
      assert.ok(last - third < FLAT_MB[what], line);
    }
  },
});
