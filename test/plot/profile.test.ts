import { describe, expect, it } from 'vitest';
import { profileFigure, profileTable, profileText } from '../../src/plot/index.ts';
import { familyColours } from '../../src/plot/theme.ts';
import { profile, within } from './results.ts';
import { five, layout, traces } from './traces.ts';

describe.each([6, 30])('profile of %i layers', (layers) => {
  const p = profile(layers);
  const spec = profileFigure(p);
  const importance = traces(spec).filter((t) => t.yaxis === undefined);

  it('draws every tensor once, with its importance and standard error', () => {
    const drawn = importance.flatMap((t) => t.y.map((y, i) => `${y} ± ${t.error_y!.array[i]}`));
    const meant = p.entries.map((e) => `${five(e.importance)} ± ${five(e.standardError)}`);
    expect(drawn.sort()).toEqual(meant.sort());
    const names = importance.flatMap((t) => t.customdata!.map((text) => /<b>(.*?)<\/b>/.exec(text)![1]!));
    expect(new Set(names).size).toBe(p.entries.length);
  });

  it('gives every tensor a place of its own, layers from left to right within a role', () => {
    const places = importance.flatMap((t) =>
      t.x.map((x, i) => [x! - t.width![i]! / 2, x! + t.width![i]! / 2] as const),
    );
    places.sort((a, b) => a[0] - b[0]);
    places.slice(1).forEach(([left], i) => expect(left).toBeGreaterThan(places[i]![1]));
    const attention = importance.find((t) => t.name === 'attention')!;
    const keys = attention.customdata!.flatMap((text, i) => {
      return text.includes('k_proj') ? [attention.x[i]!] : [];
    });
    expect(keys).toHaveLength(layers);
    expect(keys).toEqual([...keys].sort((a, b) => a - b));
  });

  it('colours by what a tensor belongs to', () => {
    for (const t of importance) {
      expect(t.marker!.color).toBe(familyColours[t.name as keyof typeof familyColours]);
    }
    expect(importance.find((t) => t.name === 'norm')!.x).toHaveLength(2 * layers + 1);
    expect(importance.find((t) => t.name === 'feed-forward')!.x).toHaveLength(3 * layers);
  });

  it('stacks t_dw and t_dy to the whole backward cost', () => {
    const cost = traces(spec).filter((t) => t.yaxis === 'y2');
    expect(cost.map((t) => t.name)).toEqual(['t_dw', 't_dy']);
    expect(cost.map((t) => t.x.length)).toEqual([p.entries.length, p.entries.length]);
    const sum = cost.flatMap((t) => t.y).reduce<number>((s, y) => s + y!, 0);
    expect(sum).toBeCloseTo(100, 1);
  });

  it('has a table in execution order with the numbers themselves', () => {
    const rows = profileTable(p).objects() as Record<string, unknown>[];
    expect(rows.map((r) => r.name)).toEqual(p.entries.map((e) => e.parameter.name));
    expect(rows.map((r) => r.importance)).toEqual(p.entries.map((e) => e.importance));
    expect(rows.reduce((s, r) => s + (r.share as number), 0)).toBeCloseTo(1, 10);
  });
});

describe('profile', () => {
  it('says on hover what a tensor is, what it is worth and what it costs', () => {
    const p = profile(6);
    const text = traces(profileFigure(p))[0]!.customdata![1]!;
    expect(text).toMatch(/<b>layers\.0\.self_attn\.k_proj<\/b><br>96 × 192 = 18\.4k values/);
    expect(text).toMatch(/importance .* ± .*<br>t_dy .* · t_dw .* multiply-adds/);
  });

  it('cuts the scale for one tensor that outweighs all others, and says its value', () => {
    const p = profile(6);
    const small = p.entries.map((e, i) => ({ ...e, importance: i === 0 ? 1 : 0.1 * Math.abs(e.importance) }));
    const { yaxis, annotations } = layout(profileFigure({ ...p, entries: small }));
    expect(yaxis.range![1]).toBeLessThan(0.2);
    expect(annotations!.map((a) => a.text)).toContain('1');
    expect(layout(profileFigure(p)).yaxis.range).toBeUndefined();
  });

  it('shows what the budget did not reach as not measured, never as zero', () => {
    const p = within(profile(6), 0.6);
    const left = p.entries.filter((e) => !e.reached).length;
    const words = `${left} of 56 tensors not measured, out of reach of rho 0.6`;
    const spec = profileFigure(p);
    const drawn = traces(spec).filter((t) => t.yaxis === undefined);
    expect(drawn.reduce((n, t) => n + t.x.length, 0)).toBe(56 - left);
    const { shapes, title } = layout(spec);
    const grey = (shapes as { type: string; x0: number; x1: number }[]).filter((s) => s.type === 'rect');
    const cost = traces(spec).find((t) => t.yaxis === 'y2')!;
    const onGrey = p.entries.map((_, i) => grey.some(({ x0, x1 }) => x0 < cost.x[i]! && cost.x[i]! < x1));
    expect(onGrey).toEqual(p.entries.map((e) => !e.reached));
    expect(title.text).toContain(words);
    expect(JSON.stringify(spec)).not.toMatch(/NaN|undefined/);
    expect(profileText(p)).toContain(words);
    expect(profileText(p)).toContain(`of ${56 - left} with no gain`);
    const rows = profileTable(p).objects() as { importance: number }[];
    expect(rows.map((r) => Number.isNaN(r.importance))).toEqual(p.entries.map((e) => !e.reached));
  });

  it('names the most important tensors and counts those without gain', () => {
    const p = profile(6);
    const best = p.entries.reduce((a, b) => (a.importance > b.importance ? a : b));
    const none = p.entries.filter((e) => e.importance <= 0).length;
    expect(none).toBeGreaterThan(0);
    expect(profileText(p)).toContain(`Most important: ${best.parameter.name.slice(6, -7)} (1 ±`);
    expect(profileText(p)).toContain(`${none} of 56 with no gain`);
  });
});
