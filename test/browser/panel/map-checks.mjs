import assert from 'node:assert/strict';
import { becomes, cell, drawn, picture, sent, session, until } from './driver.mjs';

const label = (page, index) => cell(page, index).getAttribute('data-label');
const hoped = async (page, index) => (await cell(page, index).getAttribute('data-hoped')) !== null;
const selected = (page) => page.locator('.hz-cell[aria-selected="true"]').count();
const focused = (page) => page.evaluate(() => Number(document.activeElement?.dataset.index ?? -1));

/** The tensor map: click, select, search, keys. */
export const mapChecks = ({ open }) => ({
  'a click shows the new label at once, then it is so': async () => {
    const page = await open({ model: 'tiny', rows: 5, held: true });
    await page.locator('.hz-run').click();
    await becomes(() => page.locator('.hz-run-state').innerText(), 'Running');
    const before = await label(page, 20);
    await cell(page, 20).click();
    const after = before === 'F' ? 'Z' : 'F';
    assert.equal(await label(page, 20), after);
    assert.ok(await hoped(page, 20), 'not marked as waiting');
    await picture(page, 'waiting');
    await until(async () => (await session(page, (s) => s.state.pending)) === 1, 'not sent');
    await session(page, (s) => s.endStep());
    await until(async () => !(await hoped(page, 20)), 'still waiting');
    assert.equal(await label(page, 20), after);
    const [command] = await sent(page, 'label');
    assert.deepEqual([command.tensors, command.label], [[20], after === 'F' ? 'FO' : 'ZO']);
  },
  'a refused label falls back, and the reason is shown as text': async () => {
    const page = await open({ model: 'tiny' });
    const before = await label(page, 20);
    await session(page, (s) => (s.failNext = 'No: <img src=x onerror=alert(1)>'));
    await cell(page, 20).click();
    assert.notEqual(await label(page, 20), before);
    await until(async () => (await label(page, 20)) === before, 'does not fall back');
    await becomes(() => page.locator('[role=status]').innerText(), 'No: <img src=x onerror=alert(1)>');
    await cell(page, 20).click();
    await until(async () => (await page.locator('[role=status]').innerText()) === '', 'the message stays');
  },
  'a rectangle selects, chips label what is selected': async () => {
    const page = await open({ model: 'smol' });
    const [a, b] = [await cell(page, 92).boundingBox(), await cell(page, 130).boundingBox()];
    await page.mouse.move(a.x + 3, a.y + 3);
    await page.mouse.down();
    await page.mouse.move(b.x + 3, b.y + 3, { steps: 5 });
    assert.ok((await selected(page)) > 4, 'nothing under the rectangle');
    await picture(page, 'rectangle');
    await page.mouse.up();
    const count = await selected(page);
    await becomes(() => page.locator('.hz-meant').innerText(), `${count} selected`);
    await page.getByRole('button', { name: 'Make FO' }).click();
    await until(async () => (await sent(page, 'label')).length === 1, 'no command');
    const [command] = await sent(page, 'label');
    assert.equal(command.tensors.length, count);
    for (const i of command.tensors) assert.equal(await label(page, i), 'F');
    await page.keyboard.press('Escape');
  },
  'Shift and a click selects a range': async () => {
    const page = await open({ model: 'tiny' });
    await cell(page, 2).click();
    await cell(page, 22).click({ modifiers: ['Shift'] }); // q of layers 0 to 2, and the rows between
    assert.ok((await selected(page)) >= 3);
    await cell(page, 40).click({ modifiers: ['Control'] });
    const count = await selected(page);
    await cell(page, 40).click({ modifiers: ['Control'] });
    assert.equal(await selected(page), count - 1);
    assert.equal((await sent(page, 'label')).length, 1, 'selecting must not label');
  },
  'a glob lights up what it means, and labels it': async () => {
    const page = await open({ model: 'smol', rows: 30 });
    await page.locator('.hz-search').fill('layers.5.*');
    await becomes(() => page.locator('.hz-meant').innerText(), '9 match');
    await becomes(() => page.locator('.hz-cell[data-dimmed]').count(), 263);
    await drawn(page);
    await picture(page, 'search');
    await page.getByRole('button', { name: 'Make ZO' }).click();
    await until(async () => (await sent(page, 'label-glob')).length === 1, 'no command');
    const [command] = await sent(page, 'label-glob');
    assert.deepEqual([command.glob, command.label], ['layers.5.*', 'ZO']);
    await page.locator('.hz-search').fill('layers.[');
    await page.locator('.hz-search').fill('no such tensor');
    await becomes(() => page.locator('.hz-meant').innerText(), 'none match');
    assert.ok(await page.getByRole('button', { name: 'Make FO' }).isDisabled());
    await page.locator('.hz-search').press('Escape');
    await becomes(() => page.locator('.hz-cell[data-dimmed]').count(), 0);
  },
  'keys move, toggle, extend and label; none reaches the notebook': async () => {
    const page = await open({ model: 'tiny' });
    await page.evaluate(() => {
      globalThis.leaked = [];
      document.addEventListener('keydown', (event) => globalThis.leaked.push(event.key));
    });
    await cell(page, 0).focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await focused(page), 1);
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), 2);
    const before = await label(page, 2);
    await page.keyboard.press(' ');
    await until(async () => (await label(page, 2)) !== before, 'Space does not toggle');
    await page.keyboard.press('Shift+ArrowRight');
    await page.keyboard.press('Shift+ArrowDown');
    assert.equal(await selected(page), 4);
    await page.keyboard.press('f');
    await until(async () => (await sent(page, 'label')).length === 2, 'F does not label');
    assert.equal((await sent(page, 'label'))[1].tensors.length, 4);
    await picture(page, 'keys');
    await page.keyboard.press('Escape');
    assert.equal(await selected(page), 0);
    assert.deepEqual(await page.evaluate(() => globalThis.leaked), []);
    await becomes(() => page.locator('.hz-cell[tabindex="0"]').count(), 1);
  },
  'hover tells name, shape, importance, label and reason': async () => {
    const page = await open({ model: 'smol', rows: 30 });
    await drawn(page);
    await cell(page, 254).hover();
    const text = await page.locator('.hz-tip').innerText();
    for (const part of [
      'model.layers.28.self_attn.q_proj.weight',
      '576 × 576 = 332k values',
      'importance',
      'O: ',
    ])
      assert.ok(text.includes(part), text);
    await picture(page, 'hover');
    await page.mouse.move(5, 5);
    assert.ok(await page.locator('.hz-tip').isHidden());
  },
});
