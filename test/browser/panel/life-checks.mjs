import assert from 'node:assert/strict';
import { becomes, cell, drawn, picture, sent, session, traces, until } from './driver.mjs';

const SOAK = Number(process.env.SOAK ?? 15);

/** Several views, removal, reload, no kernel, hostile texts, long use. */
export const lifeChecks = ({ open, asked, complaints }) => ({
  'two views of one model agree': async () => {
    const page = await open({ model: 'tiny', rows: 40 }, { height: 2200 });
    await page.evaluate(() => globalThis.lab.view(globalThis.lab.sessions[0].model));
    await cell(page.locator('.place').first(), 12).click();
    const labels = () =>
      page.locator('.hz-cell[data-index="12"]').evaluateAll((all) => all.map((e) => e.dataset.label));
    await until(async () => new Set(await labels()).size === 1, 'they differ');
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.hz-chart')].every((c) => c.data?.[0]?.x.length === 40),
    );
    const ids = await page.evaluate(() =>
      [...document.querySelectorAll('[id]')].map((e) => e.id).filter((id) => id.startsWith('hz')),
    );
    assert.equal(new Set(ids).size, ids.length, 'ids are shared');
  },
  'a moved cell: the view goes and comes, nothing stays behind': async () => {
    const page = await open({ model: 'tiny', rows: 40 });
    await drawn(page);
    const listeners = () => session(page, (s) => s.model.listeners);
    const one = await listeners();
    for (let i = 0; i < 3; i++) {
      await page.evaluate(async () => {
        const { model } = globalThis.lab.sessions[0];
        globalThis.lab.closers.pop()();
        document.querySelector('.place').remove();
        await globalThis.lab.view(model);
      });
      await drawn(page);
      await becomes(() => page.locator('.hi-zfo-panel').count(), 1);
      assert.equal((await traces(page))[0].count, 40);
    }
    assert.equal(await listeners(), one);
    await page.evaluate(() => globalThis.lab.closers.pop()());
    assert.equal(await listeners(), 0);
    await becomes(() => page.locator('.hi-zfo-panel').count(), 0);
  },
  'a reload while it runs: all of it is there again and live': async () => {
    const page = await open({ model: 'tiny', rows: 40, stepMs: 60 });
    await page.evaluate(async () => {
      const [session] = globalThis.lab.sessions;
      session.model.kernel({ id: 'cell', do: 'run', steps: null });
      for (const close of globalThis.lab.closers.splice(0)) close(); // a new page has a new model with the same state
      const model = new globalThis.lab.FakeModel({ panel: structuredClone(session.state) });
      model.kernel = session.model.kernel;
      session.model = model;
      await globalThis.lab.view(model);
    });
    await becomes(() => page.locator('.hz-run-state').innerText(), 'Running');
    await drawn(page);
    const last = (await traces(page))[0].last;
    await until(async () => (await traces(page))[0].last > last, 'not live');
  },
  'a broken or missed message: the view asks for all rows again': async () => {
    const page = await open({ model: 'tiny', rows: 10 });
    await drawn(page);
    await page.waitForTimeout(1100);
    await session(page, (s) => s.model.message({ type: 'rows', from: 10, count: 2 }, [new Float64Array(2)]));
    await until(async () => (await sent(page, 'curves')).length === 2, 'does not ask');
    await page.waitForTimeout(1100);
    await session(page, (s) => {
      const buffers = Array.from({ length: 12 }, () => new Float64Array(1));
      s.model.message({ type: 'rows', from: 12, count: 1 }, buffers);
    });
    await until(async () => (await sent(page, 'curves')).length === 3, 'does not ask for what was missed');
    assert.equal((await traces(page))[0].count, 10);
  },
  'without a kernel: what was saved is drawn, nothing can be pressed': async () => {
    const page = await open({ model: 'tiny', rows: 3000, probes: true });
    await until(
      () => session(page, (s) => s.model.attributes.savedCurves !== undefined),
      'not laid aside',
      9000,
    );
    const size = await session(page, (s) => JSON.stringify(s.model.attributes).length);
    assert.ok(size < 200_000, `${size} bytes`);
    assert.equal(await session(page, (s) => s.model.saves), 0, 'sent to the kernel');
    await page.evaluate(async () => {
      const saved = JSON.parse(JSON.stringify(globalThis.lab.sessions[0].model.attributes));
      saved.panel.run = 'running'; // as it was when the notebook was saved
      globalThis.lab.close();
      globalThis.lab.sessions.push({ model: new globalThis.lab.FakeModel(saved) });
      await globalThis.lab.view(globalThis.lab.sessions[0].model);
    });
    await drawn(page);
    assert.equal((await traces(page))[0].last, 2999);
    await until(() => page.locator('.hz-away').isVisible(), 'not told', 16_000);
    await becomes(() => page.locator('.hz-run-state').innerText(), 'Not connected');
    await picture(page, 'away');
    const on = await page
      .locator(
        '.hz-controls :is(button, input):enabled, .hz-chip:enabled, .hz-setting :enabled, .hz-budget :enabled',
      )
      .count();
    assert.equal(on, 0, `${on} controls are on`);
    await cell(page, 12).click();
    assert.deepEqual(
      (await sent(page)).map((c) => c.do),
      ['curves'],
    );
    console.log(`        ${size} bytes saved`);
  },
  'names and messages are text, whatever is in them': async () => {
    const page = await open({ model: 'tiny', rows: 20 }, { view: false });
    const evil = '<img src=x onerror="globalThis.broken=1"><script>globalThis.broken=1</script>';
    await page.evaluate(async (text) => {
      const session = new globalThis.lab.FakeSession({ model: 'tiny', rows: 20 });
      globalThis.lab.sessions.push(session);
      session.state.title = text;
      session.state.tensors[3].name = text;
      session.state.tensors[3].role = text;
      session.event('warning', text);
      session.push();
      await globalThis.lab.view(session.model);
    }, evil);
    await drawn(page);
    await cell(page, 3).hover();
    await becomes(() => page.locator('.hz-title').innerText(), evil);
    await becomes(() => page.locator('.hz-tip strong').innerText(), evil);
    await becomes(() => page.locator('.hi-zfo-panel :is(img, script)').count(), 0);
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  },
  'nonsense from the kernel breaks nothing': async () => {
    const page = await open({ model: 'tiny', rows: 20 });
    await drawn(page);
    await session(page, (s) => {
      for (const nonsense of [
        null,
        1,
        'x',
        {},
        { type: 'rows' },
        { type: 'rows', from: -1, count: 3 },
        { type: 'rows', from: 20, count: 1e9 },
        { type: 'answer', id: 'nobody', ok: true },
        { type: 'other' },
      ])
        s.model.message(nonsense, [new Float64Array(1)]);
    });
    await page.waitForTimeout(300);
    await page.getByRole('button', { name: 'Step', exact: true }).click();
    await until(async () => (await traces(page))[0].count === 21, 'no longer live');
  },
  [`${SOAK} s of fifty updates a second leave memory flat`]: async () => {
    // A history so long that its curves are thinned: what grows now is a leak.
    const page = await open({ model: 'smol', rows: 20_000, stepMs: 20 });
    await drawn(page);
    await page.locator('.hz-steps').fill('');
    await page.locator('.hz-run').click();
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable');
    const measure = async () => {
      // Twice, with a pause: the page's nodes go only after what pointed at them is gone.
      for (let i = 0; i < 2; i++) {
        await client.send('HeapProfiler.collectGarbage');
        await page.waitForTimeout(300);
      }
      const { metrics } = await client.send('Performance.getMetrics');
      const of = (name) => metrics.find((m) => m.name === name).value;
      return { heap: of('JSHeapUsedSize') / 1e6, nodes: of('Nodes'), listeners: of('JSEventListeners') };
    };
    const grown = (a, b) => [
      ...(b.heap < a.heap + 6 ? [] : ['the heap grows']),
      ...(b.nodes < a.nodes + 400 ? [] : ['nodes stay behind']),
      ...(b.listeners < a.listeners + 40 ? [] : ['listeners stay behind']),
    ];
    await page.waitForTimeout(4000);
    const looks = [await measure()];
    // One former drawing may wait to be collected, in one look and not in another; what leaks grows from each to the next.
    for (let n = 0; n < 2; n++) {
      await page.waitForTimeout(1000 * SOAK);
      looks.push(await measure());
      if (grown(looks.at(-2), looks.at(-1)).length === 0) break;
    }
    for (const { heap, nodes, listeners } of looks)
      console.log(`        heap ${heap.toFixed(1)} MB, ${nodes} nodes, ${listeners} listeners`);
    assert.deepEqual(grown(looks.at(-2), looks.at(-1)), []);
    await page.evaluate(() => globalThis.lab.close());
  },
  'nothing is asked of the network': () => assert.deepEqual(asked, []),
  'no complaint in the console': () =>
    assert.deepEqual(
      complaints.filter((text) => !text.includes('404')),
      [],
    ),
});
