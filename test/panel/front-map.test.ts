import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { between, inside, neighbour } from '../../src/panel/front/map/choose.ts';
import { exampleGlob, matching } from '../../src/panel/front/map/glob.ts';
import { HopedLabels } from '../../src/panel/front/map/hoped.ts';
import { Chosen } from '../../src/panel/front/map/chosen.ts';
import { looksOf } from '../../src/panel/front/map/look.ts';
import { layoutMap, type Cell } from '../../src/panel/front/map/layout.ts';
import type { PanelState, TensorCell } from '../../src/panel/protocol.ts';
import { tensorCells } from '../../src/panel/state.ts';
import { selectParameters } from '../../src/partition/index.ts';
import { decoderParameters, parseConfig, type Parameter, type ParameterInfo } from '../../src/model/index.ts';
import { ownParameters } from '../../src/model/own/names.ts';
import { readJson } from '../goldens.ts';
import { tensorsOf } from '../browser/panel/tensors.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');

const one = { shape: [4, 4], size: 16 };

/** Tensors of the tiny models of all families, and of a model of one's own. */
const models: [string, TensorCell[]][] = [
  ...readdirSync(goldens).map((name): [string, TensorCell[]] => {
    const config = parseConfig(readJson(goldens, name, 'config.json'));
    return [name, cellsOf(decoderParameters(config))];
  }),
  ['own', cellsOf(ownParameters({ 'conv2d_1/kernel': one, 'conv2d_1/bias': one, 'lstm_1/recurrent_kernel': one, scale: one }))], // prettier-ignore
];

function cellsOf(infos: readonly ParameterInfo[]): TensorCell[] {
  const parameters = infos.map((info, index) => ({ ...info, index }));
  return tensorCells({ parameters, lastProfile: undefined });
}

/** Pairs of cells that lie over each other. */
function overlapsOf(cells: readonly Cell[]): Cell[][] {
  const beside = (a: number, length: number, b: number) => a + length <= b + 1e-9;
  return cells.flatMap((a, i) =>
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
}

/** Cells that the arrow keys lead to from the first. */
function reachedBy(cells: readonly Cell[]): Set<number> {
  const reached = new Set([0]);
  for (const at of reached) {
    reached.add(neighbour(cells, at, 1, 0)).add(neighbour(cells, at, -1, 0));
    reached.add(neighbour(cells, at, 0, 1)).add(neighbour(cells, at, 0, -1));
  }
  return reached;
}

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
    expect(overlapsOf(cells)).toEqual([]);
  });

  it.each(models)('%s: every tensor is seen, and the arrows reach it', (_, tensors) => {
    for (const width of [480, 900]) {
      const { cells, height } = layoutMap(tensors, width);
      expect(cells.every((c) => c.width >= 1 && c.height >= 5 && c.y + c.height <= height)).toBe(true);
      expect(overlapsOf(cells)).toEqual([]);
      expect(reachedBy(cells).size).toBe(tensors.length);
    }
  });

  it('a bias is a strip under its weight; what stands before and after the layers is no layer', () => {
    const [, tensors] = models.find(([name]) => name === 'gpt2')!;
    const { cells, columns } = layoutMap(tensors, 800);
    const at = (name: string) => cells[tensors.findIndex((t) => t.name.endsWith(name))]!;
    const [weight, bias] = [at('h.0.mlp.c_fc.weight'), at('h.0.mlp.c_fc.bias')];
    expect(bias).toMatchObject({ x: weight.x, width: weight.width, column: weight.column });
    expect(bias.y).toBeGreaterThan(weight.y + weight.height);
    expect(bias.height).toBeLessThan(weight.height / 2);
    expect(columns.map((c) => c.label)).toEqual(['embed', 'pos', '0', '1', 'norm']);
  });

  it.each(models)('%s: the example of a glob means some tensors and not all', (_, tensors) => {
    const names = tensors.map((t) => t.name);
    const found = matching(names, exampleGlob(names)).length;
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(names.length);
  });

  it('layers of one\u2019s own have their names, as long as there is room', () => {
    const [, tensors] = models.at(-1)!;
    const wide = layoutMap(tensors, 900);
    expect(wide.columns.map((c) => c.label)).toEqual(['conv2d_1', 'lstm_1', '2']);
    expect(wide.rows.map((r) => r.label)).toEqual(['kernel', 'bias', 'recurrent_kernel', 'scale']);
    expect(wide.rows[0]!.x).toBeGreaterThan(16 * 7);
    const many = cellsOf(
      ownParameters(
        Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`transformer.block.${i}/w`, one])),
      ),
    );
    const narrow = layoutMap(many, 480).columns;
    expect(narrow.length).toBeGreaterThan(1);
    expect(narrow[0]!.label).toMatch(/^….*block\.0$/);
    const gaps = narrow.slice(1).map((c, i) => c.x - narrow[i]!.x);
    narrow.forEach(({ label }) => expect(label.length * 7).toBeLessThan(Math.min(...gaps)));
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
    expect(reachedBy(cells).size).toBe(tensors.length);
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
    expect(look([-1, 0, null]).map((l) => [l.fill, l.unknown])).toEqual([[0, false], [0, false], [0, true]]); // prettier-ignore
    expect(look([1, null])[1]!.words).toContain('importance not profiled');
  });
});
