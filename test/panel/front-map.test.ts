import { describe, expect, it } from 'vitest';
import { between, inside, neighbour } from '../../src/panel/front/map/choose.ts';
import { matching } from '../../src/panel/front/map/glob.ts';
import { HopedLabels } from '../../src/panel/front/map/hoped.ts';
import { Chosen } from '../../src/panel/front/map/chosen.ts';
import { looksOf } from '../../src/panel/front/map/look.ts';
import { layoutMap } from '../../src/panel/front/map/layout.ts';
import { selectParameters } from '../../src/partition/index.ts';
import type { Parameter } from '../../src/model/index.ts';
import type { PanelState } from '../../src/panel/protocol.ts';
import { tensorsOf } from '../browser/panel/tensors.ts';

describe('layout of the map', () => {
  it.each([
    ['one', 480],
    ['tiny', 480],
    ['smol', 480],
    ['smol', 1600],
    ['wide', 600],
  ])('%s in %i pixels: no cells overlap, none is cut', (model, width) => {
    const { cells, height } = layoutMap(tensorsOf(model), width);
    const cut = cells.filter(
      (c) => c.width < 1 || c.x < 0 || c.x + c.width > width + 1e-9 || c.y + c.height > height,
    );
    expect(cut).toEqual([]);
    const beside = (a: number, length: number, b: number) => a + length <= b + 1e-9;
    const overlaps = cells.flatMap((a, i) =>
      cells
        .slice(i + 1)
        .filter(
          (b) =>
            !beside(a.x, a.width, b.x) &&
            !beside(b.x, b.width, a.x) &&
            !beside(a.y, a.height, b.y) &&
            !beside(b.y, b.height, a.y),
        )
        .map((b) => [a, b]),
    );
    expect(overlaps).toEqual([]);
  });

  it('embedding left, norm right, layers from input to output, roles from first to last', () => {
    const tensors = tensorsOf('tiny');
    const { cells, columns, rows } = layoutMap(tensors, 800);
    const at = (name: string) => cells[tensors.findIndex((t) => t.name.includes(name))]!;
    expect(at('embed').x).toBeLessThan(at('layers.0.self_attn.q').x);
    expect(at('layers.0.self_attn.q').x).toBeLessThan(at('layers.5.self_attn.q').x);
    expect(at('layers.5.self_attn.q').x).toBeLessThan(at('model.norm').x);
    expect(at('layers.2.self_attn.q').y).toBeLessThan(at('layers.2.mlp.down').y);
    expect(columns.map((c) => c.label)).toEqual(['embed', '0', '1', '2', '3', '4', '5', 'norm']);
    expect(rows[0]!.label).toBe('attn norm');
    expect(rows).toHaveLength(9);
  });

  it('stands without tensors and without layers', () => {
    expect(layoutMap([], 500).cells).toEqual([]);
    const [embedding] = tensorsOf('tiny');
    expect(layoutMap([embedding!], 500).cells).toHaveLength(1);
  });
});

describe('choosing on the map', () => {
  const tensors = tensorsOf('tiny');
  const { cells } = layoutMap(tensors, 800);
  const index = (name: string) => tensors.findIndex((t) => t.name.includes(name));

  it('a rectangle takes what it touches, drawn in any direction', () => {
    const [a, b] = [cells[index('layers.1.self_attn.q')]!, cells[index('layers.2.self_attn.k')]!];
    const corners = [a.x + 1, a.y + 1, b.x + 1, b.y + 1] as const;
    const expected = ['1.self_attn.q', '1.self_attn.k', '2.self_attn.q', '2.self_attn.k'].map(index);
    expect(inside(cells, ...corners).sort()).toEqual(expected.sort());
    expect(inside(cells, corners[2], corners[3], corners[0], corners[1]).sort()).toEqual(expected.sort());
  });

  it('a range goes from cell to cell by columns and rows', () => {
    const found = between(cells, index('layers.2.mlp.up'), index('layers.1.mlp.gate'));
    const expected = ['1.mlp.gate', '1.mlp.up', '2.mlp.gate', '2.mlp.up'].map(index);
    expect(found.sort()).toEqual(expected.sort());
    const whole = between(cells, 0, index('layers.0.self_attn.q'));
    expect(whole).toEqual([0, index('layers.0.self_attn.q')]);
  });

  it('arrows reach every cell', () => {
    const reached = new Set([0]);
    const open = [0];
    while (open.length > 0) {
      const at = open.pop()!;
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const) {
        const next = neighbour(cells, at, dx, dy);
        if (!reached.has(next)) open.push(next);
        reached.add(next);
      }
    }
    expect(reached.size).toBe(tensors.length);
    expect(neighbour(cells, index('layers.1.self_attn.q'), 1, 0)).toBe(index('layers.2.self_attn.q'));
    expect(neighbour(cells, index('layers.1.self_attn.q'), 0, 1)).toBe(index('layers.1.self_attn.k'));
    expect(neighbour(cells, 0, -1, 0)).toBe(0);
  });
});

describe('globs', () => {
  const tensors = tensorsOf('smol');
  const names = tensors.map((t) => t.name);
  const parameters = names.map((name, index) => ({ name, index }) as Parameter);

  it.each([
    'layers.5.*',
    '*.mlp.*',
    'q_proj.weight',
    'model.layers.{1,2}.self_attn.?_proj.weight',
    'layers.[0-3].mlp.*',
    '**',
    '*',
    'layers.!(5).*',
    'model.norm.weight',
    '*norm*',
    'layers.1*',
    '+(a|b)',
    'weight',
  ])('%s means the same here and in the kernel', (glob) => {
    let expected: number[] = [];
    try {
      expected = selectParameters(parameters, glob).map((p) => p.index);
    } catch {
      // no tensor matches
    }
    expect(matching(names, glob)).toEqual(expected);
  });

  it('half typed globs and none match nothing or something, but never throw', () => {
    expect(matching(names, '')).toEqual([]);
    for (const glob of ['[', '{', '(', '!(', '\\', '*('.repeat(40), 'x'.repeat(70_000)])
      matching(names, glob);
  });
});

describe('labels that are hoped for', () => {
  it('show until the state has them', () => {
    const hoped = new HopedLabels();
    const ticket = hoped.ask([1, 2], 'F');
    expect(hoped.of(1, 'ZZZ')).toBe('F');
    expect(hoped.of(0, 'ZZZ')).toBeUndefined();
    hoped.settle(ticket, true, 'ZZZ');
    expect(hoped.of(1, 'ZZZ')).toBe('F');
    hoped.arrived('ZFF', 0);
    expect(hoped.of(1, 'ZZZ')).toBeUndefined();
  });

  it('fall back when refused, and only theirs', () => {
    const hoped = new HopedLabels();
    const first = hoped.ask([0, 1], 'F');
    const second = hoped.ask([1], 'Z');
    hoped.settle(first, false, 'ZF');
    expect(hoped.of(0, 'ZF')).toBeUndefined();
    expect(hoped.of(1, 'ZF')).toBe('Z');
    hoped.settle(second, false, 'ZF');
    expect(hoped.of(1, 'ZF')).toBeUndefined();
  });

  it('outlast states that come before the edit has landed', () => {
    const hoped = new HopedLabels();
    const ticket = hoped.ask([0], 'F');
    hoped.arrived('Z', 1);
    expect(hoped.of(0, 'Z')).toBe('F');
    hoped.settle(ticket, true, 'Z');
    hoped.arrived('Z', 1);
    expect(hoped.of(0, 'Z')).toBe('F');
    hoped.arrived('Z', 0); // the kernel decided otherwise
    expect(hoped.of(0, 'Z')).toBeUndefined();
  });

  it('two toggles in a row do not flicker', () => {
    const hoped = new HopedLabels();
    const first = hoped.ask([0], 'Z');
    expect(hoped.target(0, 'F')).toBe('Z');
    const second = hoped.ask([0], 'F');
    expect(hoped.target(0, 'F')).toBe('F');
    hoped.settle(first, true, 'Z');
    hoped.arrived('Z', 1);
    expect(hoped.target(0, 'Z')).toBe('F');
    hoped.settle(second, true, 'F');
    expect(hoped.of(0, 'F')).toBeUndefined();
  });
});

describe('how tensors look', () => {
  const look = (importance: (number | null)[]) => {
    const tensors = tensorsOf('tiny')
      .slice(0, importance.length)
      .map((t, i) => ({ ...t, importance: importance[i]! }));
    const state = { tensors, labels: '', reasons: '' } as unknown as PanelState;
    return looksOf(state, { hoped: new HopedLabels(), preview: null, chosen: new Chosen(), banded: null });
  };

  it('full before there is a profile, then filled by importance, and marked where it was not measured', () => {
    expect(look([null, null]).map((l) => [l.fill, l.unknown])).toEqual([[1, false], [1, false]]); // prettier-ignore
    expect(look([0.25, 1, -1, null]).map((l) => [l.fill, l.unknown])).toEqual([[0.5, false], [1, false], [0, false], [0, true]]); // prettier-ignore
    expect(look([1, null])[1]!.words).toContain('importance not profiled');
  });
});
