import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/parts.mjs';
import { drawn, picture, until } from './driver.mjs';

/** Texts of the panel that are hard to read: smaller than 14 pixels, or with less contrast than 4.5 to their ground. */
function unreadable() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [
    r * a + R * (1 - a),
    g * a + G * (1 - a),
    b * a + B * (1 - a),
    1,
  ];
  const ground = (element) => {
    if (!element) return [255, 255, 255, 1];
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(element.parentElement));
  };
  const light = ([r, g, b]) =>
    [r, g, b].reduce((sum, v, i) => {
      const c = v / 255;
      return sum + [0.2126, 0.7152, 0.0722][i] * (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    }, 0);
  const found = [];
  const walker = document.createTreeWalker(document.querySelector('.hi-zfo-panel'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const style = getComputedStyle(element);
    if (
      !node.data.trim() ||
      !element.checkVisibility() ||
      element.closest('.hz-chart') ||
      element.closest(':disabled')
    )
      continue;
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const [a, b] = [light(over(rgba(colour), ground(element))), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    if (contrast < 4.5 || size < 14) found.push(`"${node.data}": ${size}px, contrast ${contrast.toFixed(2)}`);
  }
  return found;
}

/** What hangs over the panel's side, or over its own box. */
function cut() {
  const panel = document.querySelector('.hi-zfo-panel');
  const { right } = panel.getBoundingClientRect();
  const out = [...panel.querySelectorAll('*')].filter(
    (e) => e.checkVisibility() && !e.closest('.hz-chart') && e.getBoundingClientRect().right > right + 0.5,
  );
  const tight = [...panel.querySelectorAll('button, h2, h3, .hz-meter-text, .hz-labelled, .hz-meta')].filter(
    (e) => e.scrollWidth > e.clientWidth + 1,
  );
  return [...out, ...tight].map(
    (e) => `${e.tagName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`,
  );
}

/** How it looks: light, dark, wide and narrow. */
export const lookChecks = ({ open }) => ({
  'text is large and has contrast, in light and in dark; the theme is followed': async () => {
    const page = await open({ model: 'smol', rows: 240 });
    await drawn(page);
    assert.deepEqual(await page.evaluate(unreadable), []);
    await picture(page, 'light');
    await page.evaluate(() => void (document.body.dataset.jpThemeLight = 'false'));
    await until(() => page.locator('.hi-zfo-panel[data-theme=dark]').count(), 'stays light');
    await until(
      () => page.evaluate(() => document.querySelector('.hz-chart').layout.font.color === '#e6e9ec'),
      'the curves stay light',
    );
    await page.waitForTimeout(300);
    assert.deepEqual(await page.evaluate(unreadable), []);
    await picture(page, 'dark');
  },
  'VS Code and a plain page are followed too': async () => {
    const page = await open({ model: 'tiny', rows: 20 });
    const theme = () => page.locator('.hi-zfo-panel').getAttribute('data-theme');
    await page.evaluate(() => {
      delete document.body.dataset.jpThemeLight;
      document.body.dataset.vscodeThemeKind = 'vscode-dark';
    });
    await until(async () => (await theme()) === 'dark', 'VS Code dark');
    await page.evaluate(() => void (document.body.dataset.vscodeThemeKind = 'vscode-light'));
    await until(async () => (await theme()) === 'light', 'VS Code light');
    await page.evaluate(() => delete document.body.dataset.vscodeThemeKind);
    await page.emulateMedia({ colorScheme: 'dark' });
    await until(async () => (await theme()) === 'dark', 'system dark');
  },
  'nothing is cut from 480 to 1600 pixels': async () => {
    for (const model of ['smol', 'tiny', 'wide', 'one']) {
      for (const width of [480, 640, 800, 1071, 1280, 1600]) {
        const page = await open({ model, rows: 130, probes: true }, { width: width + 32, height: 1200 });
        await page.waitForTimeout(150);
        assert.deepEqual(await page.evaluate(cut), [], `${model}, ${width} pixels`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${model}, ${width} pixels: ${over} too wide`);
      }
    }
  },
  'narrow, dark tiny and wide screens': async () => {
    let page = await open({ model: 'smol', rows: 60 }, { width: 512, height: 2000 });
    await drawn(page);
    await picture(page, 'narrow');
    page = await open({ model: 'tiny', rows: 240, probes: true }, { dark: true, width: 1632 });
    await drawn(page);
    await picture(page, 'dark-wide');
    page = await open({ model: 'wide', rows: 240 }, { dark: true, width: 1100 });
    await drawn(page);
    await picture(page, 'dark-398-tensors');
  },
  'every rule of the stylesheet stands under the panel': () => {
    const css = readFileSync(join(root, 'dist/panel.css'), 'utf8');
    const selectors = [...css.matchAll(/(?:^|[{}])([^{}@]+)\{/g)].map(([, s]) => s.trim());
    const loose = selectors
      .flatMap((s) => s.split(/,(?![^(]*\))/))
      .filter((s) => !/^(\.hi-zfo-panel|to$|from$)/.test(s.trim()));
    assert.deepEqual(loose, []);
    assert.doesNotMatch(css, /url\(|@import/);
  },
  'every button and field has a name': async () => {
    const page = await open({ model: 'tiny', rows: 20 });
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('.hi-zfo-panel :is(button, input, select)')]
        .filter(
          (e) =>
            !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')?.textContent.trim()),
        )
        .map((e) => e.outerHTML),
    );
    assert.deepEqual(nameless, []);
  },
});
