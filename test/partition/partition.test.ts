import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { decoderParameters, ParameterStore, parseConfig } from '../../src/model/index.ts';
import { budgetOf, Partition, selectParameters } from '../../src/partition/index.ts';
import { selectionCost, tensorCosts, totalCost, type Profile } from '../../src/profile/index.ts';

const config = parseConfig({
  model_type: 'llama',
  vocab_size: 1000,
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 160,
  tie_word_embeddings: true,
});
const { list } = new ParameterStore(decoderParameters(config));

function profileWith(importance: (i: number) => number): Profile {
  const size = { batch: 4, length: 32 };
  const costs = tensorCosts(config, list, size);
  const entries = list.map((parameter, i) => ({
    parameter,
    importance: importance(i),
    standardError: NaN,
    reached: true,
    ...costs[i]!,
  }));
  const losses = { lossBefore: 1, lossAfter: 1 };
  return { entries, total: totalCost(costs), batches: 1, scale: 1, ...losses, unit: 'multiply-adds', size };
}

describe('tensorCosts', () => {
  it('counts a full backward pass as twice the forward, up to norms and the embedding', () => {
    const { forward, backward } = totalCost(tensorCosts(config, list, { batch: 4, length: 32 }));
    expect(backward / forward).toBeGreaterThan(1.95);
    expect(backward / forward).toBeLessThan(2.15);
  });

  it('puts both places of a tied embedding on one tensor and the carried head on the last', () => {
    const untied = new ParameterStore(decoderParameters({ ...config, tied: false })).list;
    const a = tensorCosts(config, list, { batch: 2, length: 8 });
    const b = tensorCosts({ ...config, tied: false }, untied, { batch: 2, length: 8 });
    const head = b.at(-1)!;
    expect(a[0]!.dw).toBe(b[0]!.dw + head.dw + list[0]!.size);
    expect(a.at(-1)!.dy).toBe(b.at(-2)!.dy + head.dy);
    expect(totalCost(a).forward).toBe(totalCost(b).forward);
  });
});

describe('budgetOf', () => {
  it('follows rho_bp = rho (1 + t_fp / t_bp) - t_fp / t_bp', () => {
    expect(budgetOf(0.6, { forward: 1, backward: 2 }).share).toBeCloseTo(0.4, 12);
    expect(budgetOf(1, { forward: 1, backward: 2 })).toEqual({ rho: 1, share: 1, cost: 2 });
  });

  it('loses nothing to rounding at rho 1', () => {
    for (let forward = 1; forward < 400; forward++) {
      expect(budgetOf(1, { forward, backward: 997 }).cost).toBe(997);
    }
  });

  it('warns where the forward pass alone spends rho', () => {
    const b = budgetOf(0.2, { forward: 1, backward: 2 });
    expect(b.share).toBe(0.05);
    expect(b.warning).toMatch(/rho >= 0\.37/);
  });

  it.each([-0.1, 1.1, NaN, '0.6' as never])('refuses rho %o', (rho) => {
    expect(() => budgetOf(rho, { forward: 1, backward: 2 })).toThrow(ConfigError);
  });
});

describe('Partition', () => {
  it('labels every tensor once and never spends more than its budget', () => {
    const double = fc.double({ min: -0.2, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(double, { minLength: list.length, maxLength: list.length }),
        fc.double({ min: 0.4, max: 1, noNaN: true }),
        (values, rho) => {
          const profile = profileWith((i) => values[i]!);
          const p = Partition.solve(profile, { rho });
          expect(p.with('FO').length + p.with('ZO').length).toBe(list.length);
          expect(selectionCost(profile.entries, (i) => p.entries[i]!.label === 'FO')).toBeLessThanOrEqual(
            p.budget!.cost * (1 + 1e-12),
          );
          for (const e of p.entries)
            if (profile.entries[e.parameter.index]!.importance <= 0) expect(e.label).toBe('ZO');
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('has no FO tensor at rho 0 and every useful one at rho 1', () => {
    const profile = profileWith((i) => (i % 3 === 0 ? -1 : 1));
    expect(Partition.solve(profile, { rho: 0 }).with('FO')).toEqual([]);
    expect(Partition.solve(profile, { rho: 1 }).with('FO').length).toBe(
      list.filter((_, i) => i % 3 !== 0).length,
    );
  });

  it('keeps more importance as rho grows', () => {
    const profile = profileWith((i) => ((i * 37) % 11) / 11);
    const kept = [0.4, 0.5, 0.6, 0.8, 1].map(
      (rho) => Partition.solve(profile, { rho }).summary().importanceKept,
    );
    expect([...kept].sort((a, b) => a - b)).toEqual(kept);
    expect(kept.at(-1)).toBe(1);
  });

  it('is edited by name, glob, RegExp and predicate; promote then demote is the identity', () => {
    const start = Partition.uniform(list, 'ZO');
    expect(
      start
        .relabel('layers.2.*', 'FO')
        .with('FO')
        .map((p) => p.layer),
    ).toEqual(Array(9).fill(2));
    expect(start.relabel('*.mlp.*', 'FO').with('FO').length).toBe(12);
    expect(start.relabel('q_proj.weight', 'FO').with('FO').length).toBe(4);
    expect(start.relabel(/layernorm/, 'FO').with('FO').length).toBe(8);
    expect(start.relabel((p) => p.role === 'final-norm', 'FO').with('FO').length).toBe(1);
    const back = start.relabel('*', 'FO').relabel('*', 'ZO');
    expect(back.entries.map((e) => e.label)).toEqual(start.entries.map((e) => e.label));
    expect(back.edits).toEqual([`FO <- '*' (${list.length})`, `ZO <- '*' (${list.length})`]);
  });

  it('tells of an edit in few words, however many names it lists', () => {
    const names = list.slice(0, 5).map((p) => p.name);
    const told = (n: number) => Partition.uniform(list, 'ZO').relabel(names.slice(0, n), 'FO').edits[0];
    expect(told(1)).toBe(`FO <- '${names[0]}' (1)`);
    expect(told(5)).toBe(`FO <- '${names[0]}', '${names[1]}', '${names[2]}' and 2 more (5)`);
  });

  it('is one line as a text, for people who print it', () => {
    const size = list.reduce((sum, q) => sum + q.size, 0);
    const norm = list.find((q) => q.role === 'final-norm')!.size;
    const all = `${list.length - 1} ZO tensors (${norm} and ${size - norm} values)`;
    expect(String(Partition.of(list, (q) => q.role === 'final-norm'))).toBe(`1 FO and ${all}`);
    const solved = Partition.solve(
      profileWith(() => 1),
      { rho: 0 },
    ).relabel('*', 'ZO');
    expect(String(solved)).toBe(
      `0 FO and ${list.length} ZO tensors (0 and ${size} values), rho 0; by hand: ZO <- '*' (${list.length})`,
    );
    expect(String(Partition.uniform(list, 'frozen'))).toBe(
      `0 FO and 0 ZO tensors (0 and 0 values), ${list.length} frozen`,
    );
  });

  it('says what names look like when a selector means nothing', () => {
    expect(() => selectParameters(list, 'layers.9.*')).toThrow(
      /No tensor matches 'layers.9.\*'.*model\.embed_tokens/,
    );
  });
});
