import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { venvPython } from '../../../scripts/lib/jupyter.mjs';
import { kernelOf, valueOf } from './cells.mjs';
import { alive, descendants } from './processes.mjs';
import { labelsShown, lastPoint, text, until } from './sight.mjs';

const VIEW = 'application/vnd.jupyter.widget-view+json';

/** What is left: of the notebook when it is saved, of the processes when the kernel ends. */
export const savedChecks = (lab) => ({
  'the saved notebook has the still under the view, and is small': async () => {
    const { page } = lab;
    await page.waitForTimeout(2500); // the still is drawn when nothing happens
    await lab.command(page, 'docmanager:save');
    await page.waitForTimeout(1000);
    const { outputs } = lab.readNotebook().cells.find((c) => c.source.includes('s.panel()'));
    assert.ok(
      outputs.some(({ data }) => data && VIEW in data),
      'no view',
    );
    const still = outputs.find(({ data }) => data?.['image/png']);
    assert.ok(still, `no still in ${JSON.stringify(outputs.map(({ data }) => Object.keys(data ?? {})))}`);
    assert.match([still.data['text/plain']].flat().join(''), /FO/);
    lab.theSavedNotebookIsSmall();
  },
  'no process is left when the kernel restarts and when it ends': async () => {
    const { page } = lab;
    for (const way of ['restart', 'shutdown']) {
      const pid = await valueOf(page, 'process.pid');
      const all = [pid, ...descendants(pid)];
      await page.evaluate((how) => {
        const { sessionContext } = globalThis.jupyterapp.shell.currentWidget;
        return how === 'restart' ? sessionContext.session.kernel.restart() : sessionContext.shutdown();
      }, way);
      await until(
        () => all.every((one) => !alive(one)),
        `alive after ${way}: ${all.filter(alive).join(', ')}`,
      );
      if (way === 'restart') await lab.ready(page);
    }
  },
  'opened again with a fresh kernel: drawn, and it says that it is not connected': async () => {
    await lab.page.close();
    const page = (lab.page = await lab.openTab());
    await page.waitForSelector('.hi-zfo-panel[data-presence=away]', { timeout: 60_000 });
    assert.equal(await text(page, '.hz-run-state'), 'Not connected');
    assert.match(await text(page, '.hz-away'), /Run the cell again/);
    assert.match(await labelsShown(page), /^[FZ]+$/);
    await until(async () => (await lastPoint(page)) > 0, 'the curves are not there');
    const { status } = await kernelOf(page);
    assert.equal(status, 'idle');
    await lab.picture('reopened');
  },
  'nbconvert shows the still, without scripts and offline': async () => {
    const html = lab.copy.replace(/\.ipynb$/, '.html');
    const { status, stderr } = spawnSync(
      venvPython,
      [
        '-m',
        'nbconvert',
        '--to',
        'html',
        '--output',
        basename(html),
        '--output-dir',
        dirname(html),
        lab.copy,
      ],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const page = await lab.browser.page({ javaScriptEnabled: false });
    await page.context().setOffline(true);
    await page.goto(pathToFileURL(html).href);
    const stills = page.locator('.jp-RenderedImage img');
    assert.equal(await stills.count(), 1);
    const { width, height } = await stills.first().boundingBox();
    assert.ok(width > 400 && height > 300, `${width} x ${height}`);
    await stills.first().scrollIntoViewIfNeeded();
    await page.screenshot({ path: join(lab.screens, 'lab-panel-nbconvert.png'), fullPage: true });
    await page.close();
    rmSync(html);
  },
  'no complaint in the console': () => lab.noComplaint(),
});
