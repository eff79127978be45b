import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decoderParameters, ParameterStore, parseConfig } from '../../src/model/index.ts';
import { roleBlocks } from '../../src/plot/blocks.ts';
import { layerGrid } from '../../src/plot/grid.ts';
import { familyOf } from '../../src/plot/theme.ts';
import { readJson } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');

describe.each(readdirSync(goldens))('%s', (name) => {
  const { list } = new ParameterStore(decoderParameters(parseConfig(readJson(goldens, name, 'config.json'))));

  it('has a cell of its own for every tensor, a row a role and biases under their weights', () => {
    const grid = layerGrid(list);
    const boxes = list.map((p) => {
      const { x, width, y, height } = grid.cell(p);
      expect(height).toBeGreaterThan(0);
      return { p, left: x - width / 2, right: x + width / 2, low: y, high: y + height };
    });
    boxes.forEach((a, i) => {
      expect(a.left).toBeGreaterThanOrEqual(0);
      expect(a.right).toBeLessThanOrEqual(grid.width);
      expect(a.low).toBeGreaterThanOrEqual(0);
      expect(a.high).toBeLessThanOrEqual(grid.height);
      for (const b of boxes.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.high <= b.low || b.high <= a.low;
        expect(apart, `${a.p.name} and ${b.p.name}`).toBe(true);
      }
      const weight = a.p.bias && boxes[i - 1]!;
      if (weight) expect([weight.left, weight.right]).toEqual([a.left, a.right]);
      if (weight) expect(weight.low).toBeGreaterThan(a.high);
    });
    const roles = new Set(list.filter((p) => p.layer >= 0 && p.layer < 2).map((p) => p.role));
    expect(grid.rows.length).toBe(roles.size);
  });

  it('has a place of its own for every tensor along the axis of roles', () => {
    const { blocks, position, width } = roleBlocks(list);
    const bars = list.map((p) => ({ left: position(p) - width(p) / 2, right: position(p) + width(p) / 2 }));
    bars.sort((a, b) => a.left - b.left);
    bars.slice(1).forEach((bar, i) => expect(bar.left).toBeGreaterThanOrEqual(bars[i]!.right));
    expect(blocks.length).toBe(new Set(list.map((p) => p.role)).size);
  });

  it('has a colour for every role', () => {
    const colours = Object.fromEntries(list.map((p) => [p.role, familyOf(p.role)]));
    expect(colours).toMatchObject({ embedding: 'embedding and head', o: 'attention', down: 'feed-forward' });
    expect(colours['ffn-norm']).toBe('norm');
  });
});
