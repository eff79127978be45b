import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelClient } from '../../src/notebook/run/client.ts';
import type { Message } from '../../src/notebook/run/message.ts';
import type { PanelMessage, PanelState } from '../../src/panel/protocol.ts';
import { repository, resultText, runCell, startKernel } from '../kernel/kernel-under-test.ts';

/** What a page hears of one kernel. */
class Listener {
  readonly heard: Message[] = [];
  readonly states: PanelState[] = [];
  readonly answers = new Map<string, PanelMessage>();
  model = '';
  readonly #waiting = new Set<() => void>();

  readonly listen = (message: Message): void => {
    this.heard.push(message);
    const { comm_id: id, data } = message.content as { comm_id?: string; data?: Record<string, unknown> };
    if (message.header.msg_type === 'comm_open' && id !== undefined) this.model = id;
    const { state, content } = (data ?? {}) as { state?: { panel?: PanelState }; content?: PanelMessage };
    if (id === this.model && state?.panel) this.states.push(state.panel);
    if (content?.type === 'answer') this.answers.set(content.id, content);
    for (const look of this.#waiting) look();
  };

  /** Resolves with what `find` finds, as soon as it does. */
  until<T>(find: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

describe('a panel in the real kernel', () => {
  let kernel: KernelClient;
  const page = new Listener();
  let asked = 0;

  const say = (data: object, id = page.model) => kernel.send('comm_msg', { comm_id: id, data });
  const answer = (command: object) => {
    const id = `c${++asked}`;
    say({ method: 'custom', content: { id, ...command } });
    return page.until(() => page.answers.get(id));
  };
  const cell = (code: string) => kernel.execute(code, { onMessage: page.listen });

  beforeAll(async () => {
    for (const file of ['dist/index.cjs', 'dist/panel.mjs'])
      expect(existsSync(join(repository, file)), `${file} is missing: run npm run build`).toBe(true);
    kernel = await startKernel();
    kernel.onMessage = page.listen;
    const { content } = await cell(
      `import { open } from 'hi-zfo';
       const s = await open({ task: 'label', seed: 7, batchSize: 4, show: false });
       await s.profile(); await s.partition({ rho: 0.5 });
       s.panel()`,
    );
    expect(content.status, JSON.stringify(content)).toBe('ok');
  });
  afterAll(() => kernel.close());

  it('opens a model, and shows a view and a still', () => {
    expect(page.model).not.toBe('');
    const shown = page.heard.filter(({ header }) => /display/.test(header.msg_type)).slice(0, 3);
    expect(
      shown.map(({ header, content }) => [header.msg_type, Object.keys(content.data as object)]),
    ).toEqual([
      ['display_data', ['application/vnd.jupyter.widget-view+json', 'text/plain']],
      ['display_data', ['text/plain']],
      ['update_display_data', ['image/png', 'text/plain']],
    ]);
  });

  it('takes edits between the steps of a run that a cell awaits, previews meanwhile, and is interrupted', async () => {
    expect(await answer({ do: 'curves' })).toMatchObject({ ok: true });
    const running = cell("const r = await s.run(100000, { show: false }); 'whole'");
    await page.until(() => page.states.at(-1)!.steps >= 2 || undefined);
    const { labels, steps } = page.states.at(-1)!;
    const zo = labels.indexOf('Z');
    expect(await answer({ do: 'preview', rho: 0.9 })).toMatchObject({ ok: true, budget: { rho: 0.9 } });
    expect(page.states.at(-1)!.labels).toBe(labels);
    expect(await answer({ do: 'label', tensors: [zo], label: 'FO' })).toMatchObject({ ok: true });
    const after = await page.until(() => page.states.find((state) => state.labels[zo] === 'F'));
    expect(after).toMatchObject({ run: 'running' });
    expect(after.steps).toBeGreaterThanOrEqual(steps);
    expect(after.reasons[zo]).toBe('h');
    expect(await answer({ do: 'set', settings: { alpha: 0 } })).toMatchObject({ ok: true });
    expect(await answer({ do: 'run', steps: 5 })).toMatchObject({ ok: false, message: /going on/ });
    await page.until(() => page.states.at(-1)!.steps >= after.steps + 3 || undefined);
    kernel.interrupt();
    expect((await running).content.status).toBe('ok');
    await page.until(() => page.states.at(-1)!.run === 'idle' || undefined);
    const edits = await runCell(
      kernel,
      "[s.history.data.events.filter((e) => e.kind === 'edit' || e.kind === 'settings').map((e) => e.kind).join(), s.steps === s.rows.length]",
    );
    expect(resultText(edits)).toBe("[ 'edit,settings', true ]");
  });

  it('goes back to an earlier step, and says so to its views', async () => {
    const before = page.states.at(-1)!;
    expect(await answer({ do: 'rewind', step: 1 })).toMatchObject({ ok: true });
    const after = await page.until(() =>
      page.states.find((state) => state.revision > before.revision && state.steps === 1),
    );
    expect(after.events.at(-1)!.kind).toBe('rewind');
    const cut = await page.until(() =>
      page.heard.find((message) => {
        const { content } = (message.content.data ?? {}) as { content?: PanelMessage };
        return content?.type === 'rows' && content.from === 1 && content.count === 0;
      }),
    );
    expect(cut.buffers).toHaveLength(12);
    expect(await answer({ do: 'rewind', step: 5 })).toMatchObject({ ok: false, message: /from 0 to 1/ });
  });

  it('is found whole by a page that reloads', async () => {
    kernel.send('comm_open', { comm_id: 'reload', target_name: 'jupyter.widget.control', data: {} });
    const id = say({ method: 'request_states' }, 'reload');
    const { content } = await page.until(() =>
      page.heard.find(({ parent, header }) => {
        return parent.msg_id === id && header.msg_type === 'comm_msg';
      }),
    );
    const { states } = content.data as {
      states: Record<string, { state: { panel: PanelState; _esm: string } }>;
    };
    const { panel, _esm: esm } = states[page.model]!.state;
    expect(panel).toEqual(page.states.at(-1));
    expect(esm.length).toBeGreaterThan(0);
    const curves = page.heard.length;
    expect(await answer({ do: 'curves' })).toMatchObject({ ok: true });
    const rows = page.heard.slice(curves).find((message) => {
      const { content: said } = (message.content.data ?? {}) as { content?: PanelMessage };
      return said?.type === 'rows' && said.from === 0 && said.count === panel.steps;
    });
    expect(rows!.buffers).toHaveLength(12);
    expect(new Float64Array(Uint8Array.from(rows!.buffers[0]!).buffer).at(-1)).toBe(panel.steps - 1);
  });

  it('outlives nonsense, and becomes a figure when the session is closed', async () => {
    for (const data of [
      null,
      5,
      { method: 'update', state: 5 },
      { method: 'custom' },
      { method: 'custom', content: { id: {} } },
    ])
      kernel.send('comm_msg', { comm_id: page.model, data });
    expect(await answer({ do: 'label', tensors: [1e9], label: 'FO' })).toMatchObject({ ok: false });
    const heard = page.heard.length;
    expect((await cell('await s.close();')).content.status).toBe('ok');
    const types = page.heard.slice(heard).map(({ header }) => header.msg_type);
    expect(types).toContain('comm_close');
    const last = page.heard.filter(({ header }) => header.msg_type === 'update_display_data').at(-1)!;
    expect(Object.keys(last.content.data as object)).toContain('application/vnd.plotly.v1+json');
  });
});
