// How long a click takes to have its effect in a session that trains, as the page sees it.
import { runCell, valueOf } from './cells.mjs';
import { press, stepsShown, waitForState, waitForStep } from './sight.mjs';

/** A person does not see less. */
const ALLOWED_MS = 150;

const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
};

/** Clicks a tensor with the mouse; milliseconds until the page has a state with the new label. */
async function clickToEffect(page, index) {
  const target = page.locator(`.hz-cell[data-index="${index}"]`).first();
  await target.evaluate((cell) => {
    globalThis.hiZfoEffect = new Promise((resolve, reject) => {
      let start;
      setTimeout(() => reject(new Error('a click without effect')), 30_000);
      cell.closest('svg').addEventListener('pointerup', (event) => (start = event.timeStamp), {
        capture: true,
        once: true,
      });
      // The map shows what was asked for at once and marks it until the session has it.
      const observer = new MutationObserver(() => {
        if (start === undefined || cell.hasAttribute('data-hoped')) return;
        observer.disconnect();
        resolve(performance.now() - start);
      });
      observer.observe(cell, { attributeFilter: ['data-hoped'] });
    });
  });
  await target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await target.boundingBox();
  await page.mouse.click(x + width / 2, y + height / 2);
  return page.evaluate(() => globalThis.hiZfoEffect);
}

/** Clicks many times into a run and tells the times; `session` is the name of the session's variable. */
export async function measureLatency(page, clicks, { run = 'await s.run(100000, { show: false });' } = {}) {
  const from = await stepsShown(page);
  const running = runCell(page, run);
  await waitForStep(page, from + 3);
  const first = await stepsShown(page);
  const taken = [];
  for (let i = 0; i < clicks; i++) {
    await page.waitForTimeout(53 * (i % 9)); // at any place within a step
    taken.push(await clickToEffect(page, 3 + ((7 * i) % 45)));
  }
  const last = await stepsShown(page);
  await press(page, 'Stop');
  await running;
  await waitForState(page, 'idle');
  const rows = await valueOf(page, `s.rows.slice(${first}, ${last}).map((r) => [r.stepSeconds, r.seconds])`);
  const steps = rows.map(([seconds]) => 1000 * seconds);
  const between = rows.slice(1).map(([, seconds], i) => 1000 * (seconds - rows[i][1]));
  const [median, p95] = [0.5, 0.95].map((share) => quantile(taken, share));
  const step = quantile(steps, 0.5);
  return { clicks, median, p95, step, between: quantile(between, 0.5), met: p95 < step + ALLOWED_MS };
}

export function latencyText({ clicks, median, p95, step, between, met }) {
  const ms = (x) => `${x.toFixed(0)} ms`;
  return [
    `${clicks} clicks: median ${ms(median)}, p95 ${ms(p95)}; a step ${ms(step)}, from step to step ${ms(between)} (medians)`,
    `goal (p95 under a step + ${ALLOWED_MS} ms) met: ${met ? 'yes' : 'no'}`,
  ].join('\n');
}
