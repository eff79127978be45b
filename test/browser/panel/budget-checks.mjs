import assert from 'node:assert/strict';
import { becomes, drawn, picture, sent, session, until } from './driver.mjs';

const hatched = (page) => page.locator('.hz-cell[data-preview]').count();

async function drag(page, selector, from, to, steps = 10) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  const at = (share) => x + 8 + share * (width - 16);
  await page.mouse.move(at(from), y + height / 2);
  await page.mouse.down();
  for (let i = 1; i <= steps; i++) {
    await page.mouse.move(at(from + ((to - from) * i) / steps), y + height / 2);
    await page.waitForTimeout(20);
  }
}

/** The budget and the settings. */
export const budgetChecks = ({ open }) => ({
  'dragging the budget previews, letting go makes it so': async () => {
    const page = await open({ model: 'smol', rows: 60 });
    await drawn(page);
    const labels = await session(page, (s) => s.state.labels);
    await drag(page, '.hz-budget-range', 0.6, 0.85, 30);
    await until(async () => (await hatched(page)) > 0, 'no tensor is hatched');
    await until(
      async () => /Let go: \d+ tensors to FO/.test(await page.locator('.hz-budget-note').innerText()),
      'no answer',
    );
    await picture(page, 'dragging');
    assert.equal(await session(page, (s) => s.state.labels), labels, 'a preview has changed the labels');
    assert.equal((await sent(page, 'partition')).length, 0);
    await page.evaluate(() => {
      globalThis.seen = [];
      const slider = document.querySelector('.hz-budget-range');
      const look = () => (globalThis.seen.push(slider.value), requestAnimationFrame(look));
      look();
    });
    await page.mouse.up();
    await until(async () => (await sent(page, 'partition')).length === 1, 'not sent');
    await until(async () => (await session(page, (s) => s.state.labels)) !== labels, 'not done');
    await until(async () => (await hatched(page)) === 0, 'hatches stay');
    const [{ rho }] = await sent(page, 'partition');
    assert.ok(Math.abs(rho - 0.85) < 0.03, String(rho));
    await until(async () => (await page.locator('.hz-budget-value').innerText()) === rho.toFixed(2), 'value');
    await page.waitForTimeout(200);
    assert.deepEqual(
      [...new Set(await page.evaluate(() => globalThis.seen))],
      [String(rho)],
      'the slider jumps',
    );
  },
  'previews never queue: one at a time, the last one counts': async () => {
    const page = await open({ model: 'tiny' });
    await session(page, (s) => {
      s.previewMs = 300;
      s.most = 0;
      let out = 0;
      const { kernel } = s.model;
      s.model.kernel = (command) => {
        if (command.do === 'preview') {
          out++;
          s.most = Math.max(s.most, out);
          setTimeout(() => out--, 300);
        }
        kernel(command);
      };
    });
    await drag(page, '.hz-budget-range', 0.6, 0.95, 40);
    await page.waitForTimeout(1000);
    const previews = await sent(page, 'preview');
    assert.ok(previews.length >= 3 && previews.length <= 8, `${previews.length} previews`);
    assert.equal(await session(page, (s) => s.most), 1);
    assert.equal(previews.at(-1).rho.toFixed(2), await page.locator('.hz-budget-value').innerText());
    await page.mouse.up();
  },
  'Escape while dragging leaves all as it was': async () => {
    const page = await open({ model: 'tiny' });
    await drag(page, '.hz-budget-range', 0.6, 0.9);
    await page.keyboard.press('Escape');
    assert.equal(await hatched(page), 0);
    const { x, y, width } = await page.locator('.hz-budget-range').boundingBox();
    await page.mouse.move(x + width * 0.3, y + 10);
    await page.mouse.up();
    await page.waitForTimeout(300);
    assert.equal((await sent(page, 'partition')).length, 0);
    await becomes(() => page.locator('.hz-budget-value').innerText(), '0.60');
    await becomes(() => page.locator('.hz-budget-range').inputValue(), '0.6');
    await drag(page, '.hz-budget-range', 0.6, 0.7);
    await page.mouse.up();
    await until(async () => (await sent(page, 'partition')).length === 1, 'dragging no longer works');
  },
  'arrow keys on the budget: one partition after a pause': async () => {
    const page = await open({ model: 'tiny' });
    await page.locator('.hz-budget-range').focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press('ArrowRight');
    assert.ok(/^0\.66$/.test(await page.locator('.hz-budget-value').innerText()));
    await until(async () => (await sent(page, 'partition')).length > 0, 'not sent');
    await page.waitForTimeout(600);
    assert.deepEqual(
      (await sent(page, 'partition')).map((c) => c.rho),
      [0.66],
    );
  },
  'a refused partition leaves the slider where the session is': async () => {
    const page = await open({ model: 'tiny' });
    await session(page, (s) => (s.failNext = 'There is no profile: run profile() first.'));
    await page.locator('.hz-budget-range').focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await until(
      async () => (await page.locator('[role=status]').innerText()).includes('no profile'),
      'silent',
    );
    await until(
      async () => (await page.locator('.hz-budget-range').inputValue()) === '0.6',
      'the slider stays off',
    );
  },
  'a budget beyond the reach of the profile says so, shows nothing of it and is not made so': async () => {
    const page = await open({ model: 'tiny' });
    await session(page, (s) => (s.reach = 0.75));
    const labels = await session(page, (s) => s.state.labels);
    const note = () => page.locator('.hz-budget-note').innerText();
    await drag(page, '.hz-budget-range', 0.6, 0.7);
    await until(async () => (await hatched(page)) > 0, 'no tensor is hatched');
    await drag(page, '.hz-budget-range', 0.7, 0.9);
    await becomes(note, /not measured/);
    assert.equal(await hatched(page), 0);
    await drag(page, '.hz-budget-range', 0.9, 0.7);
    await becomes(note, /^Let go/);
    await drag(page, '.hz-budget-range', 0.7, 0.9);
    await becomes(note, /not measured/);
    await page.mouse.up();
    await becomes(() => page.locator('[role=status]').innerText(), /not measured/);
    await until(
      async () => (await page.locator('.hz-budget-range').inputValue()) === '0.6',
      'the slider stays off',
    );
    assert.equal(await session(page, (s) => s.state.labels), labels);
  },
  'without a profile the budget says so': async () => {
    const page = await open({ model: 'tiny', profiled: false });
    await drawn(page);
    assert.ok(await page.locator('.hz-budget-range').isDisabled());
    await picture(page, 'unprofiled');
    await page.getByRole('button', { name: 'Profile' }).click();
    await until(() => page.locator('.hz-budget-range').isEnabled(), 'still off');
  },
  'a setting: a drag sends once, a field takes any number, what is wrong is refused': async () => {
    const page = await open({ model: 'tiny' });
    await drag(page, '[data-setting=alpha] .hz-range', 0.5, 0.9);
    assert.equal((await sent(page, 'set')).length, 0);
    await page.mouse.up();
    await until(async () => (await sent(page, 'set')).length === 1, 'not sent');
    const [{ settings }] = await sent(page, 'set');
    assert.ok(settings.alpha > 0.5 && settings.alpha < 10);
    const field = page.locator('[data-setting=rateFO] .hz-field');
    await field.fill('3e-4');
    await field.press('Enter');
    await until(async () => (await session(page, (s) => s.state.settings.rateFO)) === 3e-4, 'not in force');
    await field.fill('fast');
    await field.press('Enter');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await becomes(() => page.locator('[role=status]').innerText(), /"fast" is not a number from 0/);
    await field.press('Escape');
    assert.equal(await field.inputValue(), '3e-4');
    await session(page, (s) => (s.failNext = 'no'));
    const q = page.locator('[data-setting=queries] .hz-field');
    await q.fill('8');
    await q.press('Enter');
    await until(async () => (await q.inputValue()) === '1', 'a refused value stays');
    assert.equal((await sent(page, 'set')).length, 3);
  },
  'a setting that waits shows what is in force': async () => {
    const page = await open({ model: 'tiny', rows: 3, held: true });
    await page.locator('.hz-run').click();
    await becomes(() => page.locator('.hz-run-state').innerText(), 'Running');
    const field = page.locator('[data-setting=epsilon] .hz-field');
    await field.fill('0.01');
    await field.press('Enter');
    await becomes(() => page.locator('.hz-settings-head').innerText(), /ε: 1e-3 in force/);
    await until(async () => (await session(page, (s) => s.state.pending)) === 1, 'not sent');
    await session(page, (s) => s.endStep());
    await until(
      async () => !/in force/.test(await page.locator('.hz-settings-head').innerText()),
      'never lands',
    );
    assert.equal(await field.inputValue(), '0.01');
  },
});
