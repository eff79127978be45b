// What a page shows of the live panel, and the hands on it.
import assert from 'node:assert/strict';

export { cell, traces, until } from '../panel/driver.mjs';

export const text = (page, selector) => page.locator(selector).first().innerText();

/** running, idle or paused, as the panel says. */
export const runState = async (page) => (await text(page, '.hz-run-state')).toLowerCase();

export const waitForState = (page, state, timeout = 60_000) =>
  page.waitForFunction(
    (wanted) => document.querySelector('.hz-run-state')?.textContent.toLowerCase() === wanted,
    state,
    { timeout },
  );

/** Steps done, as the panel says: `12 steps` or `Step 12 of 40`. */
export const stepsShown = async (page) => Number((await text(page, '.hz-done')).match(/\d+/)[0]);

export const waitForStep = (page, step, timeout = 60_000) =>
  page.waitForFunction(
    (wanted) => Number(document.querySelector('.hz-done')?.textContent.match(/\d+/)?.[0]) >= wanted,
    step,
    { timeout },
  );

/** Labels on the map, one character a tensor; with `hoped` ones it waits until the session has them. */
export async function labelsShown(page) {
  await page.waitForFunction(() => !document.querySelector('.hz-cell[data-hoped]'), null, {
    timeout: 60_000,
  });
  return page.evaluate(() => {
    const cells = [...document.querySelectorAll('.hz-cell')];
    cells.sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index));
    return cells.map((c) => c.dataset.label).join('');
  });
}

/** Events in the panel's list, oldest first. */
export async function eventsShown(page) {
  if ((await page.locator('.hz-events[open]').count()) === 0) {
    await page.locator('.hz-events summary').first().click();
    await page.waitForSelector('.hz-event-list .hz-event');
  }
  return page.evaluate(() =>
    [...document.querySelectorAll('.hz-event-list .hz-event')]
      .map((e) => ({ kind: e.dataset.kind, text: e.title }))
      .reverse(),
  );
}

export const press = (page, name) =>
  page.locator('.hi-zfo-panel').first().getByRole('button', { name, exact: true }).click();

/** Drags a slider by shares of its width; `meanwhile` is called before the hand lets go. */
export async function drag(page, selector, from, to, meanwhile) {
  const slider = page.locator(selector).first();
  await slider.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await slider.boundingBox();
  const at = (share) => x + 8 + share * (width - 16); // the thumb is 16 pixels wide
  await page.mouse.move(at(from), y + height / 2);
  await page.mouse.down();
  await page.mouse.move(at(to), y + height / 2, { steps: 8 });
  await meanwhile?.();
  await page.mouse.up();
}

/** The panel is drawn and somebody answers it. */
export async function live(page) {
  await page.waitForSelector('.hi-zfo-panel[data-presence=live]', { timeout: 60_000 });
  await page.waitForSelector('.hi-zfo-panel .hz-cell', { timeout: 60_000 });
  assert.equal(await page.locator('.hz-away:visible').count(), 0, 'it says that it is not connected');
}

/** Last step that the loss curve shows; -1 without one. */
export const lastPoint = (page) =>
  page.evaluate(() => {
    const clean = document.querySelector('.hz-chart')?.data?.find(({ name }) => name === 'clean');
    return clean?.x.at(-1) ?? -1;
  });
