import type { Tensor2D } from '@tensorflow/tfjs';
import fc from 'fast-check';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf } from '../../src/engine/index.ts';
import { decodeBeams } from '../../src/model/generate-beams.ts';
import type { RowsForward } from '../../src/model/generate-forward.ts';
import { decoding } from '../../src/model/generate-options.ts';
import { decodeRows, draw, uniform } from '../../src/model/generate-rows.ts';
import { candidates, largest, logSoftmax, penalize } from '../../src/model/generate-scores.ts';
import { cutAtStop } from '../../src/model/generate-stop.ts';
import { readJson } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';

const golden = readJson<{
  candidates: {
    scores: number[][];
    cases: { temperature: number; topK: number; topP: number; probabilities: number[][] }[];
  };
}>(join(import.meta.dirname, '..', 'goldens'), 'generate.json').candidates;

beforeAll(async () => (await openEngine('cpu')).activate());

const vocabulary = 4;
const eos = 0;

/** Logits that depend on the last two tokens in a fixed, arbitrary way. */
function logitsAfter(ids: readonly number[]): number[] {
  const [a, b] = [ids.at(-1) ?? 0, ids.at(-2) ?? 0];
  return Array.from({ length: vocabulary }, (_, v) => 2 * Math.sin(7.3 * a + 3.1 * b + 1.7 * v * (a + 2)));
}

/** A model that is a table. */
class Table implements RowsForward {
  constructor(private rows: number[][]) {}
  start(): Tensor2D {
    return tf.tensor2d(this.rows.map(logitsAfter));
  }
  next(ids: readonly number[]): Tensor2D {
    this.rows = this.rows.map((row, b) => [...row, ids[b]!]);
    return this.start();
  }
  select(from: readonly number[]): void {
    this.rows = from.map((b) => this.rows[b]!);
  }
  dispose(): void {
    this.rows = [];
  }
}

/** Every way to go on from `prompt`, to the end token or `most` tokens, and its score; by brute force. */
function every(
  prompt: number[],
  most: number,
  penalty: number,
  least: number,
): { ids: number[]; score: number }[] {
  const walk = (ids: number[], score: number): { ids: number[]; score: number }[] => {
    if (ids.at(-1) === eos || ids.length === most) return [{ ids, score }];
    const logits = logitsAfter([...prompt, ...ids]);
    const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0));
    return logits.flatMap((x, v) => {
      if (v === eos && ids.length < least) return [];
      const seen = prompt.includes(v) || ids.includes(v);
      return walk([...ids, v], score + (x - total) * (seen ? penalty : 1));
    });
  };
  return walk([], 0);
}

const ends = { eos, stop: undefined, signal: undefined };

describe('beam search', () => {
  it('with room for every hypothesis finds the best of all', async () => {
    await noLeaks(async () => {
      for (const [penalty, lengthPenalty, least] of [
        [1, 1, 0],
        [2.5, 1, 0],
        [1, 0, 2],
        [1.5, 2, 1],
        [1, -1, 0],
      ] as const) {
        const prompts = [[1], [2, 3], [3, 1]];
        const settings = decoding({
          maxNewTokens: 4,
          minNewTokens: least,
          beams: vocabulary ** 4,
          lengthPenalty,
          repetitionPenalty: penalty,
        });
        const got = await decodeBeams(new Table(prompts), prompts, settings, ends);
        prompts.forEach((prompt, row) => {
          const all = every(prompt, 4, penalty, least).map(({ ids, score }) => ({
            ids: ids.at(-1) === eos ? ids.slice(0, -1) : ids,
            score: score / ids.length ** lengthPenalty,
          }));
          const best = all.reduce((a, b) => (b.score > a.score ? b : a));
          expect(got[row]).toEqual(best.ids);
        });
      }
    });
  });

  it('finds no worse text with more beams, on the whole', async () => {
    const prompts = Array.from({ length: 12 }, (_, i) => [i % 4, (i * 7) % 4, 1 + (i % 3)]);
    const score = async (beams: number): Promise<number> => {
      const settings = decoding({
        maxNewTokens: 5,
        minNewTokens: 5,
        beams,
        lengthPenalty: 0,
        earlyStopping: false,
      });
      const rows = await decodeBeams(new Table(prompts), prompts, settings, ends);
      return rows.reduce((sum, row, i) => {
        const all = every(prompts[i]!, 5, 1, 5);
        return sum + all.find((h) => h.ids.join() === row.join())!.score;
      }, 0);
    };
    const scores = [await score(2), await score(4), await score(64)];
    expect(scores[1]).toBeGreaterThanOrEqual(scores[0]! - 1e-9);
    expect(scores[2]).toBeGreaterThanOrEqual(scores[1]! - 1e-9);
  });
});

describe('sampling', () => {
  it('leaves the tokens that transformers leave, with their probabilities', () => {
    for (const { temperature, topK, topP, probabilities } of golden.cases) {
      golden.scores.forEach((row, b) => {
        const got = candidates(Float64Array.from(row), { temperature, topK, topP });
        const dense = row.map((_, id) => got.probabilities[got.ids.indexOf(id)] ?? 0);
        dense.forEach((p, id) => expect(p).toBeCloseTo(probabilities[b]![id]!, 5));
      });
    }
  });

  it('takes each token as often as its probability says', () => {
    const scores = Float64Array.from([0, 1, 2, -Infinity, 0.5]);
    const settings = decoding({ maxNewTokens: 1, temperature: 0.8 });
    const n = 4000;
    const counts = new Map<number, number>();
    for (let i = 0; i < n; i++) {
      const id = draw(scores, settings, uniform(3, i, 0));
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const { ids, probabilities } = candidates(scores, settings);
    expect(ids).toEqual([0, 1, 2, 4]);
    ids.forEach((id, i) => {
      const p = probabilities[i]!;
      expect(Math.abs(counts.get(id)! / n - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
    });
  });

  it('draws uniformly, each number once', () => {
    const all = Array.from({ length: 2000 }, (_, i) => uniform(9, i % 40, Math.floor(i / 40)));
    expect(new Set(all).size).toBe(2000);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(1);
    expect(Math.abs(all.reduce((a, b) => a + b) / 2000 - 0.5)).toBeLessThan(4 / Math.sqrt(12 * 2000));
  });

  it('never takes what is forbidden or outside topK', async () => {
    const settings = decoding({ maxNewTokens: 6, minNewTokens: 6, temperature: 5, topK: 2 });
    const [row] = await decodeRows(new Table([[1]]), [[1]], settings, ends);
    let before = [1];
    for (const id of row!) {
      const scores = Float64Array.from(logitsAfter(before));
      scores[eos] = -Infinity;
      expect(largest(scores, 2)).toContain(id);
      before = [...before, id];
    }
  });
});

describe('scores', () => {
  it('are normalised, also where exp overflows', () => {
    for (const row of [[1, 2, 3], [1000, 999], [-1e4, 0], [5]]) {
      const sum = logSoftmax(row).reduce((total, x) => total + Math.exp(x), 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('are lowered for seen tokens on both sides of 0', () => {
    const scores = Float64Array.from([2, -2, 3]);
    penalize(scores, new Set([0, 1]), 2);
    expect([...scores]).toEqual([1, -4, 3]);
  });

  it('rank as a stable sort does', () => {
    const value = fc.constantFrom(-Infinity, -1, 0, 0.5, 2, 7);
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (values, count) => {
        const sorted = [...values.keys()].filter((i) => values[i] !== -Infinity);
        sorted.sort((a, b) => values[b]! - values[a]!);
        expect(largest(values, count)).toEqual(sorted.slice(0, count));
      }),
    );
  });
});

describe('cutAtStop', () => {
  it('ends a text at the first stop string', () => {
    expect(cutAtStop('a\nclass b\ndef c', ['\ndef', '\nclass'])).toBe('a');
    expect(cutAtStop('abc', ['x'])).toBe('abc');
    expect(cutAtStop('abc', [])).toBe('abc');
  });
});
