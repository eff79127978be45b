import { describe, expect, it } from 'vitest';
import { Partition } from '../../src/partition/index.ts';
import { colours, partitionFigure, partitionTable, partitionText } from '../../src/plot/index.ts';
import { faded } from '../../src/plot/theme.ts';
import { parameters, profile, within } from './results.ts';
import { five, layout, traces } from './traces.ts';

const nameOf = (hover: string) => /<b>(.*?)<\/b>/.exec(hover)![1]!;

describe.each([6, 30])('partition of %i layers', (layers) => {
  const p = profile(layers);
  const partition = Partition.solve(p, { rho: 0.6 }).relabel('model.layers.0.mlp.*', 'frozen');
  const spec = partitionFigure(partition);
  const cells = traces(spec).filter((t) => t.customdata);

  it('shows every tensor once, in the colour of its label', () => {
    const shown = cells.flatMap((t) =>
      t.customdata!.map((text) => {
        expect(t.marker!.color).toBe(faded(colours[t.name as 'FO' | 'ZO' | 'frozen'], 0.35));
        return `${nameOf(text)} ${t.name}`;
      }),
    );
    const meant = partition.entries.map(
      (e) => `${e.parameter.name.replace(/^model\.|\.weight$/g, '')} ${e.label}`,
    );
    expect(shown.sort()).toEqual(meant.sort());
  });

  it('puts no cell over another', () => {
    const boxes = cells.flatMap((t) =>
      t.x.map((x, i) => ({
        left: x! - t.width![i]! / 2,
        right: x! + t.width![i]! / 2,
        low: t.base![i]!,
        high: t.base![i]! + t.y[i]!,
      })),
    );
    boxes.forEach((a, i) =>
      boxes.slice(i + 1).forEach((b) => {
        const apart = a.right <= b.left || b.right <= a.left || a.high <= b.low || b.high <= a.low;
        expect(apart).toBe(true);
      }),
    );
  });

  it('fills a cell to the square root of its importance', () => {
    const fills = traces(spec).filter((t) => t.type === 'bar' && !t.customdata);
    expect(fills.map((t) => t.marker!.color)).toEqual([colours.FO, colours.ZO, colours.frozen]);
    const most = Math.max(...p.entries.map((e) => e.importance));
    fills.forEach((t, k) => {
      const list = partition.entries.filter((e) => e.label === (['FO', 'ZO', 'frozen'] as const)[k]);
      list.forEach((e, i) => {
        const { importance } = p.entries[e.parameter.index]!;
        const share = t.y[i]! / cells[k]!.y[i]!;
        expect(share).toBeCloseTo(Math.sqrt(Math.max(0, importance) / most), 3);
      });
    });
  });

  it('marks what was set by hand', () => {
    const marked = traces(spec).find((t) => t.name === 'set by hand')!;
    expect(marked.x).toHaveLength(3);
  });

  it('says rho, budget, cost and what FO keeps', () => {
    const s = partition.summary();
    const title = layout(spec).title.text;
    expect(title).toContain('FO / ZO / frozen partition at rho 0.6');
    expect(title).toContain(`FO ${s.countFO} tensors`);
    expect(title).toContain(`${(100 * s.achieved).toFixed(1)}% of the backward cost`);
    expect(title).toContain(`(budget ${(100 * partition.budget!.share).toFixed(1)}%)`);
    expect(title).toContain(`${(100 * s.importanceKept).toFixed(1)}% of importance in FO`);
  });

  it('explains every choice in its table', () => {
    const rows = partitionTable(partition).objects() as Record<string, string | number>[];
    expect(rows).toHaveLength(partition.entries.length);
    rows.forEach((row, i) => {
      const e = partition.entries[i]!;
      const { importance, dy, dw } = p.entries[i]!;
      expect(row).toMatchObject({ name: e.parameter.name, label: e.label, importance, dy, dw });
      const words = { chosen: 'in the best set', 'over budget': 'buys more elsewhere', 'no gain': 'does not lower', 'out of reach': 'not pay for it alone', 'by hand': 'by hand', all: 'every', base: 'under' }; // prettier-ignore
      expect(row.reason).toContain(words[e.reason]);
      expect(five(row.perCost as number)).toBe(five((importance * p.total.backward) / (dy + dw)));
    });
  });
});

describe('partition', () => {
  it('without a profile fills every cell and says nothing of importance', () => {
    const zo = Partition.uniform(parameters(6), 'ZO');
    const [cells, fills] = traces(partitionFigure(zo));
    expect(fills!.y).toEqual(cells!.y);
    expect(layout(partitionFigure(zo)).title.text).not.toContain('importance');
    const rows = partitionTable(zo).objects() as Record<string, unknown>[];
    expect(rows[0]).toMatchObject({ importance: NaN, reason: 'the method makes every tensor ZO' });
  });

  it('greys what the profile did not reach, and claims no share of importance', () => {
    const p = within(profile(6), 0.6);
    const partition = Partition.solve(p, { rho: 0.5 });
    const left = p.entries.filter((e) => !e.reached).length;
    const spec = partitionFigure(partition);
    expect(traces(spec).find((t) => t.name === 'importance not measured')!.x).toHaveLength(left);
    const words = `${left} of 56 tensors not measured, out of reach of rho 0.6`;
    for (const text of [layout(spec).title.text, partitionText(partition)]) {
      expect(text).toContain(words);
      expect(text).not.toMatch(/of (the positive )?importance in FO|n\/a|NaN/);
    }
    const rows = partitionTable(partition).objects() as { importance: number; perCost: number }[];
    expect(rows.map((r) => Number.isNaN(r.importance))).toEqual(p.entries.map((e) => !e.reached));
    expect(rows[0]!.perCost).toBeNaN();
    const hovers = traces(spec).flatMap((t) => t.customdata ?? []);
    expect(hovers.filter((t) => t.includes('importance not measured: out of reach'))).toHaveLength(left);
  });

  it('tells of the floor, the deepest FO tensor and of edits', () => {
    const partition = Partition.solve(profile(6), { rho: 0.1 }).relabel(
      'model.layers.0.self_attn.q_proj.weight',
      'FO',
    );
    const text = partitionText(partition);
    expect(text).toContain(partition.budget!.warning);
    expect(text).toContain('The error signal goes down to layers.0.self_attn.q_proj;');
    expect(text).toContain('By hand: FO <- ');
  });
});
