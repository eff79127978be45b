// Headless Chromium for the checks of this folder.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

const CANDIDATES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/** Opens the browser; `page()` gives a page whose complaints are collected in `complaints`. */
export async function openBrowser() {
  const executablePath = CANDIDATES.find((path) => path && existsSync(path));
  if (!executablePath)
    throw new Error('no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM to its path');
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const complaints = [];
  const page = async (options = {}) => {
    const opened = await browser.newPage({ viewport: { width: 1200, height: 1000 }, ...options });
    opened.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
    return opened;
  };
  return { page, complaints, close: () => browser.close() };
}

/** Runs named checks one after the other, prints each, and exits 1 if one failed; `failing` is called with its name. */
export async function report(checks, failing) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`  ok    ${name}`);
    } catch (error) {
      failed++;
      console.log(`  FAIL  ${name}\n${String(error.stack ?? error).replace(/^/gm, '        ')}`);
      await failing?.(name);
    }
  }
  console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

/** Waits until no figure in the page stands on a light ground: its paper is dark or lets a dark page through. */
export async function waitForDarkFigures(page) {
  await page.waitForFunction(() => {
    const ground = (element) => {
      const [r = 0, g = 0, b = 0, alpha = 1] = getComputedStyle(element)
        .backgroundColor.match(/[\d.]+/g)
        .map(Number);
      if (alpha === 0 && element.parentElement) return ground(element.parentElement);
      return (r + g + b) / 3;
    };
    const papers = [...document.querySelectorAll('.js-plotly-plot .svg-container > .main-svg:first-child')];
    return papers.length > 0 && papers.every((paper) => ground(paper) < 60);
  });
}
