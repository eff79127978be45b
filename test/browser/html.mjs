// Opens an exported page with the network off and looks whether every figure is drawn.
// usage: node test/browser/html.mjs [out/quickstart.html]
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBrowser, report, waitForDarkFigures } from './browser.mjs';

const file = resolve(process.argv[2] ?? 'out/quickstart.html');
const screens = resolve('out/screens');
mkdirSync(screens, { recursive: true });
const name = basename(file, '.html');

const { page: open, complaints, close } = await openBrowser();
const page = await open();
const asked = [];
page.on('request', (request) => {
  if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url());
});
await page.context().setOffline(true);
await page.goto(pathToFileURL(file).href);
await page.waitForFunction(() => document.documentElement.dataset.figures === 'drawn', null, {
  timeout: 60_000,
});
await page.screenshot({ path: join(screens, `${name}-html.png`), fullPage: true });

await report({
  'every figure is drawn': async () => {
    const figures = await page.$$eval('figure.plot', (all) =>
      all.map((figure) => ({
        drawn: figure.querySelectorAll('.main-svg, canvas').length > 0,
        still: figure.querySelector('.still') !== null,
        marks: figure.querySelectorAll(
          '.trace, .traces, .scatterlayer path, .heatmaplayer image, .bars path, canvas, .contour',
        ).length,
        height: figure.getBoundingClientRect().height,
      })),
    );
    assert.ok(figures.length > 0, 'the page has no figure');
    for (const [at, { drawn, still, marks, height }] of figures.entries())
      assert.ok(
        drawn && !still && marks > 0 && height > 100,
        `figure ${at + 1}: ${JSON.stringify(figures[at])}`,
      );
    console.log(`        ${figures.length} figures`);
  },
  'nothing hangs over the side': async () => {
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${over} pixels too wide`);
  },
  'a figure answers the mouse': async () => {
    const range = () =>
      page.evaluate(() => {
        const plot = document.querySelector('.nsewdrag').closest('.js-plotly-plot');
        return JSON.stringify(plot._fullLayout.xaxis.range);
      });
    const before = await range();
    const drag = page.locator('.nsewdrag').first();
    await drag.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await drag.boundingBox();
    await page.mouse.move(x + width * 0.3, y + height * 0.3);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.7, y + height * 0.7, { steps: 5 });
    await page.mouse.up();
    await page.waitForTimeout(500);
    assert.notEqual(await range(), before, 'dragging does not zoom');
    await page.mouse.dblclick(x + width * 0.5, y + height * 0.5);
    await page.waitForTimeout(500);
    assert.equal(await range(), before, 'a double click does not zoom back');
  },
  'nothing is asked of the network': () => assert.deepEqual(asked, []),
  'no complaint in the console': () => assert.deepEqual(complaints, []),
  'dark system, dark figures': async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await waitForDarkFigures(page);
    await page.screenshot({ path: join(screens, `${name}-html-dark.png`), fullPage: true });
  },
  'without scripts the stills stand': async () => {
    const plain = await open({ javaScriptEnabled: false });
    await plain.goto(pathToFileURL(file).href);
    const stills = await plain.locator('figure.plot img.still').count();
    assert.equal(stills, await plain.locator('figure.plot').count());
  },
});
await close();
