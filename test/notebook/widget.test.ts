import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { Figure } from '../../src/notebook/figure.ts';
import { JUPYTER_DISPLAY } from '../../src/notebook/kernel-api.ts';
import { Widget, WIDGET_VIEW_MIME } from '../../src/notebook/widget/index.ts';
import { freshPage } from './page.ts';

const page = freshPage();
const esm = 'export default { render() {} }';

describe('a widget', () => {
  it('opens a model with its state, binary leaves apart', () => {
    const x = new Float64Array([1, 2]);
    const widget = new Widget({
      esm,
      css: 'a {}',
      classes: ['c'],
      state: { n: 1, deep: { list: [x, 2], x } },
    });
    const [open] = page().sent;
    expect(open).toMatchObject({ type: 'comm_open', id: widget.id, metadata: { version: '2.1.0' } });
    expect(open!.data.state).toMatchObject({
      _model_module: 'anywidget',
      _model_name: 'AnyModel',
      _view_name: 'AnyView',
      _esm: esm,
      _css: 'a {}',
      _dom_classes: ['c'],
      n: 1,
      deep: { list: [null, 2] },
    });
    expect((open!.data.state as { deep: object }).deep).not.toHaveProperty('x');
    expect(open!.data.buffer_paths).toEqual([
      ['deep', 'list', 0],
      ['deep', 'x'],
    ]);
    expect(open!.buffers.map((bytes) => Buffer.from(bytes).readDoubleLE(8))).toEqual([2, 2]);
  });

  it('sends changes and messages', () => {
    const widget = new Widget({ esm, state: { n: 1, bytes: new Uint8Array() } });
    widget.set({ n: 2, bytes: new Uint8Array([7]) }).send({ hello: 1 }, [new Uint8Array([9])]);
    const [update, custom] = page().to(widget.id!).slice(1);
    expect(update!.data).toEqual({ method: 'update', state: { n: 2 }, buffer_paths: [['bytes']] });
    expect(custom).toMatchObject({ data: { method: 'custom', content: { hello: 1 } } });
    expect(custom!.buffers).toEqual([new Uint8Array([9])]);
    expect(widget.get('n')).toBe(2);
  });

  it('takes changes of the page, tells listeners, and echoes them to the other views', () => {
    const widget = new Widget({ esm, state: { n: 1, list: [0, 0] } });
    const changes: unknown[] = [];
    widget.on('change', (change) => changes.push(change));
    page().say(widget.id!, { method: 'update', state: { list: [5, null] }, buffer_paths: [['list', 1]] }, [
      new Uint8Array([1, 2]),
    ]);
    expect(changes).toEqual([{ list: [5, Buffer.from([1, 2])] }]);
    expect(page().sent.at(-1)).toMatchObject({
      data: { method: 'echo_update', state: { list: [5, null] }, buffer_paths: [['list', 1]] },
      buffers: [new Uint8Array([1, 2])],
    });
    expect(page().log).toEqual([]);
  });

  it('takes messages of the page', () => {
    const widget = new Widget({ esm });
    const got = vi.fn();
    widget.on('message', got);
    page().say(widget.id!, { method: 'custom', content: [1] }, [new Uint8Array([3])]);
    expect(got).toHaveBeenCalledWith([1], [Buffer.from([3])]);
  });

  it('is found again by a page that reloads, by both ways of asking', () => {
    const widget = new Widget({ esm, state: { n: 1, x: new Uint8Array([4]) } });
    const closed = new Widget({ esm });
    closed.close();
    widget.set({ n: 3 });
    const found = vi.fn();
    widget.on('reload', found);
    const { data, buffers } = page().reload();
    expect(data).toMatchObject({
      method: 'update_states',
      states: {
        [widget.id!]: {
          model_name: 'AnyModel',
          model_module: 'anywidget',
          model_module_version: '*',
          state: { n: 3, _esm: esm },
        },
      },
      buffer_paths: [[widget.id, 'state', 'x']],
    });
    expect(Object.keys(data.states as object)).toEqual([widget.id]);
    expect(buffers).toEqual([new Uint8Array([4])]);
    page().say(widget.id!, { method: 'request_state' });
    expect(page().sent.at(-1)!.data).toMatchObject({
      method: 'update',
      state: { n: 3, _view_name: 'AnyView' },
    });
  });

  it('shows a view, with its still where it has one', async () => {
    const widget = new Widget({ esm, text: 'a dial' });
    widget.show();
    expect(page().shown[0]!.data).toEqual({
      [WIDGET_VIEW_MIME]: { version_major: 2, version_minor: 0, model_id: widget.id },
      'text/plain': expect.stringContaining('a dial') as string,
    });
    const still = new Figure([], {}, 'still', () => Promise.resolve(new Uint8Array([1])));
    const drawn = new Widget({ esm, still });
    expect(await drawn[JUPYTER_DISPLAY]()).toMatchObject({ 'image/png': 'AQ==', [WIDGET_VIEW_MIME]: {} });
    expect(widget.toString()).toContain('pip install anywidget');
  });

  it('is silent after it was closed, from either side', () => {
    const [here, there] = [new Widget({ esm, state: { n: 0 } }), new Widget({ esm })];
    const closed = vi.fn();
    here.on('closed', closed);
    there.on('closed', closed);
    here.close();
    here.close();
    page().comms.handle('comm_close', { comm_id: there.id }, []);
    expect(closed).toHaveBeenCalledTimes(2);
    const before = page().sent.length;
    for (const widget of [here, there]) {
      widget.set({ n: 1 }).send('x');
      page().say(widget.id!, { method: 'update', state: { n: 5 } });
      expect(widget.live).toBe(false);
      expect(widget.bundle()).toEqual({ 'text/plain': 'A live view (closed)' });
    }
    expect(page().sent).toHaveLength(before);
    expect(here.get('n')).toBe(1);
  });

  it('refuses keys that ipywidgets uses, and states that cannot be sent', () => {
    for (const key of ['layout', 'style', 'tooltip', 'tabbable', '_esm'])
      expect(() => new Widget({ esm, state: { [key]: 1 } })).toThrow(ConfigError);
    const widget = new Widget<Record<string, unknown>>({ esm, state: { n: 1 } });
    const loop: unknown[] = [];
    loop.push(loop);
    const before = page().sent.length;
    expect(() => widget.set({ n: 2, loop })).toThrow(/nested more than 64/);
    expect(() => widget.set({ n: 2, list: [1, 2n] })).toThrow(/a bigint at list\.1/);
    expect(() => widget.set({ style: 1 })).toThrow(/style/);
    expect(widget.get('n')).toBe(1);
    expect(page().sent).toHaveLength(before);
  });

  it('outlives listeners that throw', () => {
    const widget = new Widget({ esm });
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    widget.on('message', () => {
      throw new Error('mine');
    });
    page().say(widget.id!, { method: 'custom', content: 1 });
    expect(complaint).toHaveBeenCalledWith(expect.stringContaining('listener'), new Error('mine'));
    complaint.mockRestore();
  });
});

describe('malformed messages', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const update = (state: unknown, paths?: unknown) => ({ method: 'update', state, buffer_paths: paths });
  const cases: Record<string, unknown> = {
    'no object': 5,
    null: null,
    'a list': [],
    'unknown method': { method: 'destroy' },
    'no method': { state: {} },
    'state is a list': update([1]),
    'state is text': update('n'),
    'state is null': update(null),
    'too deep': update({ n: deep(100) }),
    'paths no list': update({ n: 1 }, 'n'),
    'a path that is no list': update({ n: 1 }, ['n']),
    'an empty path': update({ n: 1 }, [[]]),
    'a path outside': update({ n: 1 }, [['m', 'x']]),
    'a path into text': update({ n: 'abc' }, [['n', 0]]),
    'a path beyond a list': update({ n: [1] }, [['n', 1]]),
    'a list by name': update({ n: [1] }, [['n', 'length']]),
    'a path by __proto__': update({ n: {} }, [['n', '__proto__', 'hacked']]),
    'a path to __proto__': update({ n: {} }, [['n', '__proto__']]),
    'a path by constructor': update({ n: {} }, [['n', 'constructor', 'prototype', 'hacked']]),
    'more paths than buffers': update({ n: {} }, [
      ['n', 'a'],
      ['n', 'b'],
    ]),
    'keys that are not there': update({ m: 1 }),
    'keys of the view': update({ _esm: 'evil', layout: 'x', constructor: 1 }),
    'its own __proto__': JSON.parse('{"method":"update","state":{"__proto__":{"hacked":1}}}') as unknown,
  };

  it.each(Object.entries(cases))('%s', (_, data) => {
    const widget = new Widget({ esm, state: { n: 1 } });
    const change = vi.fn();
    widget.on('change', change);
    page().comms.handle('comm_msg', { comm_id: widget.id, data }, [Buffer.from([1])]);
    expect(change).not.toHaveBeenCalled();
    expect(widget.get('n')).toBe(1);
    expect(page().to(widget.id!)).toHaveLength(1);
    expect(page().log).toHaveLength(1);
    expect({}).not.toHaveProperty('hacked');
  });

  it('500 at random: nothing throws, and the state can always be asked for', () => {
    const key = fc.constantFrom('n', 'x', 'layout', '_esm', '__proto__', 'constructor', 'length', '');
    const leaf = fc.jsonValue({ maxDepth: 2 });
    const value = fc.oneof(
      leaf,
      fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 3 })), { maxKeys: 4 }),
    );
    const path = fc.array(fc.oneof(key, fc.integer({ min: -1, max: 3 }), leaf), { maxLength: 4 });
    const message = fc.oneof(
      value,
      fc.record(
        {
          method: fc.oneof(fc.constantFrom('update', 'custom', 'request_state', 'echo_update'), value),
          state: fc.oneof(fc.dictionary(key, value, { maxKeys: 4 }), value),
          buffer_paths: fc.oneof(fc.array(path, { maxLength: 3 }), value),
          content: value,
        },
        { requiredKeys: [] },
      ),
    );
    const widget = new Widget({ esm, state: { n: 1, x: { list: [1] } } });
    fc.assert(
      fc.property(message, fc.array(fc.uint8Array({ maxLength: 4 }), { maxLength: 3 }), (data, buffers) => {
        const bytes = buffers.map((b) => Buffer.from(b));
        page().comms.handle('comm_msg', { comm_id: widget.id, data }, bytes);
        const { state } = (page().reload().data.states as Record<string, { state: object }>)[widget.id!]!;
        expect(state).toMatchObject({ _esm: esm });
        expect(Object.keys(state)).toHaveLength(13);
        expect(Object.getPrototypeOf({})).not.toHaveProperty('n');
        page().sent.length = 0;
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
