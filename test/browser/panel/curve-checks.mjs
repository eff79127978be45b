import assert from 'node:assert/strict';
import { becomes, drawn, picture, sent, session, traces, until } from './driver.mjs';

const layout = (page, read) =>
  page.evaluate(
    (source) => new Function('layout', `return ${source}`)(document.querySelector('.hz-chart')._fullLayout),
    read,
  );

/** The live curves and the probes. */
export const curveChecks = ({ open }) => ({
  'a thousand rows come in one by one, the figure follows at its own pace': async () => {
    const page = await open({ model: 'tiny' });
    await drawn(page);
    const draws = await page.evaluate(async () => {
      let count = 0;
      const { react } = globalThis.Plotly;
      globalThis.Plotly.react = (...args) => (count++, react(...args));
      const [session] = globalThis.lab.sessions;
      session.stepMs = 2;
      session.model.kernel({ id: 'test', do: 'run', steps: 1000 });
      const start = performance.now();
      while (session.state.run !== 'idle' || session.state.steps < 1000)
        await new Promise((done) => setTimeout(done, 50));
      return { count, seconds: (performance.now() - start) / 1000 };
    });
    await until(async () => (await traces(page))[0].last === 999, 'the last row is not drawn');
    assert.ok(draws.count <= 8 * draws.seconds + 2, `${draws.count} draws in ${draws.seconds} s`);
    console.log(`        ${draws.count} draws in ${draws.seconds.toFixed(1)} s`);
  },
  'long runs are thinned': async () => {
    const page = await open({ model: 'tiny', rows: 30_000 });
    await drawn(page);
    for (const { name, count, last } of await traces(page)) {
      assert.ok(count <= 2000, `${name}: ${count} points`);
      if (name !== 'event') assert.equal(last, 29_999);
    }
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await until(async () => (await traces(page))[0].last === 30_000, 'a step after that is not drawn');
    await page.waitForTimeout(1300);
    assert.equal((await sent(page, 'curves')).length, 1, 'asked for all of them again');
    await page.locator('.hz-rewind-step').fill('1000');
    await page.getByRole('button', { name: 'Rewind to' }).click();
    await until(async () => (await traces(page))[0].last < 1000, 'not rewound');
  },
  'chips, x-axis, logarithm and EMA do what they say; a zoom stays': async () => {
    const page = await open({ model: 'tiny', rows: 200, probes: true }, { width: 1400, height: 1750 });
    await drawn(page);
    for (const id of ['cosine', 'variance', 'memory', 'time'])
      await page.locator(`[data-panel=${id}]`).click();
    await until(async () => (await traces(page)).some((t) => t.name === 'law'), 'no law');
    await drawn(page);
    await picture(page, 'all-curves');
    for (const id of ['coefficient', 'norms', 'cosine', 'variance', 'memory', 'time'])
      await page.locator(`[data-panel=${id}]`).click();
    await page.locator('[data-panel=loss]').click(); // the last one stays
    await until(
      async () => (await traces(page)).every((t) => /clean|perturbed|event/.test(t.name)),
      'other curves stay',
    );
    await page.locator('.hz-axes select').selectOption('flops');
    await until(async () => (await traces(page))[0].last === 200 * 3.1e11, 'not against FLOPs');
    await page.locator('.hz-axes .hz-check').check();
    await until(async () => (await layout(page, 'layout.yaxis.type')) === 'log', 'not logarithmic');
    await page.locator('.hz-smoothing').fill('0');
    await until(async () => !(await traces(page)).some((t) => t.name.includes('averaged')), 'still averaged');
    await page.evaluate(() =>
      globalThis.Plotly.relayout(document.querySelector('.hz-chart'), { 'xaxis.range': [1e13, 2e13] }),
    );
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await page.waitForTimeout(600);
    assert.deepEqual(await layout(page, 'layout.xaxis.range'), [1e13, 2e13]);
  },
  'probes: settings are sent, the price is shown, their panels appear': async () => {
    const page = await open({ model: 'tiny', rows: 5, stepMs: 100 });
    await page.locator('.hz-count').first().fill('20');
    await page.locator('.hz-probes-on').check();
    await until(async () => (await sent(page, 'probe')).length > 0, 'not sent');
    const { every, draws } = (await sent(page, 'probe')).at(-1);
    assert.deepEqual([every, draws], [20, 16]);
    await becomes(() => page.locator('[data-panel=variance]').getAttribute('aria-pressed'), 'true');
    await session(page, (s) => {
      s.state.probes.secondsEach = 0.5;
      s.push();
    });
    await becomes(() => page.locator('.hz-price').innerText(), '0.5 s each · 25% on top');
    await page.locator('.hz-count').first().fill('none');
    await page.locator('.hz-count').first().press('Enter');
    await becomes(() => page.locator('[role=status]').innerText(), /"none" is not a whole number from 1/);
    await page.locator('.hz-count').first().fill('20');
    await page.locator('.hz-probes-on').uncheck();
    await until(async () => (await sent(page, 'probe')).at(-1).every === 0, 'not off');
  },
  'where the page has no plotly the kernel sends it, once for two views': async () => {
    const page = await open({ model: 'tiny', rows: 50 }, { loader: false, height: 2200 });
    await page.evaluate(() => globalThis.lab.view(globalThis.lab.sessions[0].model));
    await page.waitForFunction(() => document.querySelectorAll('.hz-chart .main-svg').length >= 2, null, {
      timeout: 30_000,
    });
    assert.equal((await sent(page, 'plotly')).length, 1);
  },
  'without plotly the rest still works, and the reason is told': async () => {
    const page = await open({ model: 'tiny', rows: 50 }, { view: false });
    await page.evaluate(() => {
      globalThis.hiZfoLoadPlotly = () => Promise.reject(new Error('plotly.min.js: 404'));
      return globalThis.lab.open({ model: 'tiny', rows: 50 });
    });
    await until(async () => (await page.locator('[role=status]').innerText()).includes('404'), 'silent');
    await page.locator('.hz-cell[data-index="3"]').click();
    await until(async () => (await sent(page, 'label')).length === 1, 'the map is dead');
  },
});
