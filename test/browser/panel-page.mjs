// The page's side of the live panel against a made-up session: what it does, and pictures of it in out/screens.
// usage: node test/browser/panel-page.mjs   [part of a check's name]   (SOAK=60: as many updates as five minutes at 10 Hz)
import { report } from './browser.mjs';
import { budgetChecks } from './panel/budget-checks.mjs';
import { curveChecks } from './panel/curve-checks.mjs';
import { drive } from './panel/driver.mjs';
import { lifeChecks } from './panel/life-checks.mjs';
import { lookChecks } from './panel/look-checks.mjs';
import { mapChecks } from './panel/map-checks.mjs';
import { runChecks } from './panel/run-checks.mjs';

const driver = await drive();
const only = process.argv[2];
const all = {
  ...mapChecks(driver),
  ...budgetChecks(driver),
  ...runChecks(driver),
  ...curveChecks(driver),
  ...lifeChecks(driver),
  ...lookChecks(driver),
};
await report(Object.fromEntries(Object.entries(all).filter(([name]) => !only || name.includes(only))));
await driver.close();
