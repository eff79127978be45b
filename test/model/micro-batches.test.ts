import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEngine, tf } from '../../src/engine/index.ts';
import { ConfigError } from '../../src/errors.ts';
import { perturbedWeights } from '../../src/estimate/index.ts';
import {
  cutRows,
  inPieces,
  loadModel,
  OwnModel,
  type Trainable,
  type TokenBatch,
} from '../../src/model/index.ts';
import { distance } from '../engine/engines.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'model');

/** Five rows of three tokens; the row in the middle has no supervised token. */
const batch: TokenBatch = {
  ids: Int32Array.from({ length: 15 }, (_, i) => i),
  batch: 5,
  length: 3,
  positions: Int32Array.of(0, 1, 4, 9, 13),
  targets: Int32Array.of(1, 2, 5, 10, 14),
};

describe('cutRows', () => {
  it('holds every row once, and every supervised token at its place', () => {
    const pieces = cutRows({ ...batch, candidates: Int32Array.of(1, 2, 5, 10, 14) }, 2);
    expect(pieces.map((p) => p.batch)).toEqual([2, 2, 1]);
    expect(pieces.flatMap((p) => [...p.ids])).toEqual([...batch.ids]);
    for (const piece of pieces) {
      expect([...piece.positions].map((at) => piece.ids[at]! + 1)).toEqual([...piece.targets]);
      expect(piece.candidates).toHaveLength(5);
    }
    expect(pieces.flatMap((p) => [...p.targets])).toEqual([...batch.targets]);
  });

  it('leaves out a piece that supervises nothing', () => {
    expect(cutRows(batch, 1).map((p) => p.ids[0])).toEqual([0, 3, 9, 12]);
    expect(cutRows(batch, 7)).toEqual([batch]);
  });
});

describe('a model that runs its batches in pieces', () => {
  it.each(readdirSync(goldens))('has the loss and the gradients of the batch in one: %s', async (name) => {
    const engine = await openEngine('wasm');
    await engine.activate();
    const model = await loadModel(engine, join(goldens, name));
    const tokens = goldenBatch(readJson<Expected>(goldens, name, 'expected.json'));
    const { list, get } = model.parameters;
    const fo = list.filter((p) => p === model.embedding || p.index % 2 === 1);
    const u = { seed: 5, step: 0, query: 0, law: 'gaussian' } as const;
    const perturbed = perturbedWeights(
      engine,
      model.parameters,
      new Set(list.filter((p) => !fo.includes(p))),
      u,
      1e-2,
    );
    const found = async (of: Trainable<TokenBatch>, weights: typeof get) => {
      const prepared = await of.prepare(tokens);
      const live = tf.memory().numTensors;
      const { loss, gradients } = await of.lossAndGradients(weights, prepared, fo);
      expect(tf.memory().numTensors).toBe(live + gradients.size);
      const values = await Promise.all([...gradients.values()].map((g) => g.data<'float32'>()));
      tf.dispose([...gradients.values()]);
      prepared.dispose();
      return { loss, names: [...gradients.keys()].map((p) => p.name), values };
    };
    expect(tokens.batch).toBeGreaterThan(1);
    for (const weights of [get, perturbed]) {
      const whole = await found(model, weights);
      const pieces = await found(inPieces(model, 1), weights);
      expect(pieces.loss).toBeCloseTo(whole.loss, 6);
      expect(pieces.names).toEqual(whole.names);
      whole.values.forEach((g, i) =>
        expect(distance(pieces.values[i]!, g), whole.names[i]).toBeLessThan(1e-5),
      );
    }
    model.dispose();
  });

  it('is the model itself for Infinity, and refuses batches that it cannot cut', async () => {
    const engine = await openEngine('wasm');
    const model = await loadModel(engine, join(goldens, 'llama'));
    expect(inPieces(model, Infinity)).toBe(model);
    model.dispose();
    const own = Object.create(OwnModel.prototype) as OwnModel;
    expect(() => inPieces(own, 2)).toThrow(ConfigError);
  });
});
