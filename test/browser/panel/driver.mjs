// Opens pages with the panel and a made-up session in them, and reads what they show.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/parts.mjs';
import { openBrowser } from '../browser.mjs';
import { servePanel } from './serve.mjs';

const screens = join(root, 'out/screens');

/** A browser and a server for a whole run of checks. */
export async function drive() {
  mkdirSync(screens, { recursive: true });
  const server = await servePanel();
  const browser = await openBrowser();
  const asked = [];
  let opened;

  /** A fresh page with a session and a view of it; closes the one before. */
  async function open(
    options = {},
    { width = 1280, height = 1080, dark = false, loader = true, view = true } = {},
  ) {
    await opened?.close();
    const page = await browser.page({ viewport: { width, height } });
    opened = page;
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.address))
        asked.push(request.url());
    });
    if (loader)
      await page.addInitScript(() => {
        let loading;
        globalThis.hiZfoLoadPlotly = () =>
          (loading ??= new Promise((done) => {
            const script = document.createElement('script');
            script.src = '/plotly.min.js';
            script.onload = () => done(globalThis.Plotly);
            document.head.append(script);
          }));
      });
    await page.goto(server.address);
    await page.waitForFunction(() => globalThis.lab);
    if (dark) await page.evaluate(() => void (document.body.dataset.jpThemeLight = 'false'));
    if (view) await page.evaluate((o) => globalThis.lab.open(o), options);
    return page;
  }

  return {
    open,
    asked,
    complaints: browser.complaints,
    async close() {
      await browser.close();
      server.close();
    },
  };
}

export const cell = (page, index) => page.locator(`.hz-cell[data-index="${index}"]`);

/** Commands that the page has sent, by what they do. */
export const sent = (page, what) =>
  page.evaluate((w) => globalThis.lab.sessions[0].model.sent.filter((c) => !w || c.do === w), what);

/** Works on the session in the page. */
export const session = (page, work, argument) =>
  page.evaluate(
    ([source, given]) =>
      new Function('session', 'given', `return (${source})(session, given)`)(
        globalThis.lab.sessions[0],
        given,
      ),
    [String(work), argument],
  );

/** Waits until the curves are drawn with their latest data. */
export async function drawn(page) {
  await page.waitForSelector('.hz-chart .main-svg', { timeout: 30_000 });
  await page.waitForTimeout(500);
}

/** Names and points of the traces that are drawn. */
export const traces = (page) =>
  page.evaluate(() =>
    document
      .querySelector('.hz-chart')
      .data.map(({ name, x, y, type }) => ({ name, count: x.length, last: x.at(-1), lastY: y.at(-1), type })),
  );

/** Waits for a condition that is read again and again. */
export async function until(read, message, ms = 10_000) {
  const end = Date.now() + ms;
  for (;;) {
    if (await read()) return;
    if (Date.now() > end) assert.fail(message);
    await new Promise((done) => setTimeout(done, 40));
  }
}

/** Waits until what is read equals a value or fits a pattern; else fails with what was read last. */
export async function becomes(read, expected, ms = 10_000) {
  const fits = (found) => (expected instanceof RegExp ? expected.test(found) : found === expected);
  let found = await read();
  for (const end = Date.now() + ms; !fits(found) && Date.now() < end; found = await read())
    await new Promise((done) => setTimeout(done, 40));
  if (expected instanceof RegExp) assert.match(found, expected);
  else assert.equal(found, expected);
}

/** A picture of the panel, or of what of it is in the window. */
export async function picture(page, name) {
  await page.screenshot({ path: join(screens, `panel-${name}.png`) });
}
