// The live panel in a real JupyterLab: a notebook that trains, a mouse on the panel, a kernel that is asked what it has.
// usage: node test/browser/lab-panel.mjs [--clicks 30] [--soak SECONDS] [--only PART_OF_A_NAME]
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findLab } from '../../scripts/lib/jupyter.mjs';
import { report } from './browser.mjs';
import { startFrontEnd } from './front-end.mjs';
import { runFirstCells } from './live/cells.mjs';
import { editChecks } from './live/edit-checks.mjs';
import { lifeChecks } from './live/life-checks.mjs';
import { writeNotebook } from './live/notebook.mjs';
import { runChecks } from './live/run-checks.mjs';
import { savedChecks } from './live/saved-checks.mjs';
import { live } from './live/sight.mjs';
import { soakChecks } from './live/soak.mjs';

const { values: args } = parseArgs({
  options: {
    clicks: { type: 'string', default: '30' },
    soak: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
  },
});

const LONGEST_MS = 180_000;
/** High enough for the whole panel: JupyterLab takes away what is out of sight. */
const WINDOW = { width: 1500, height: 1360 };

const lab = await startFrontEnd(findLab(), 'lab', writeNotebook('lab-panel'));
lab.clicks = Number(args.clicks);
lab.soak = Number(args.soak);
lab.theme = (page, to) => lab.command(page, 'apputils:change-theme', { theme: `JupyterLab ${to}` });
/** A wide window without the list of files. */
lab.widen = async (page) => {
  await page.setViewportSize(WINDOW);
  await page.waitForSelector('.jp-Notebook', { timeout: 90_000 });
  if (await page.locator('#jp-left-stack').isVisible())
    await lab.command(page, 'application:toggle-left-area');
};
lab.shown = async (page) => {
  await lab.widen(page);
  await page.waitForSelector('.hi-zfo-panel .hz-cell', { timeout: 90_000 });
};
lab.openTab = async () => {
  const page = await lab.open(lab.copy, { wait: false });
  await lab.shown(page);
  return page;
};
lab.picture = async (name) => {
  const { page } = lab;
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(lab.screens, `lab-panel-${name}.png`) });
};

/** A check that waits for what never comes fails and does not hold up the others. */
async function inTime(check) {
  const limit = LONGEST_MS + 1000 * lab.soak;
  const late = sleep(limit, 'late', { ref: false });
  assert.notEqual(await Promise.race([check(), late]), 'late', `still waiting after ${limit / 1000} s`);
}

try {
  await lab.waitForServer();
  lab.page = await lab.open();
  await lab.widen(lab.page);
  await runFirstCells(lab.page, 2);
  await live(lab.page);
  const all = {
    ...runChecks(lab),
    ...editChecks(lab),
    ...lifeChecks(lab),
    ...(lab.soak > 0 ? soakChecks(lab) : {}),
    ...savedChecks(lab),
  };
  const chosen = Object.entries(all).filter(([name]) => name.includes(args.only));
  const limited = chosen.map(([name, check]) => [name, () => inTime(check)]);
  await report(Object.fromEntries(limited), () => lab.picture('failed'));
} finally {
  await lab.stop();
}
