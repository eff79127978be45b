import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel } from '../../src/model/index.ts';
import { AdamW } from '../../src/optimize/index.ts';
import { Partition } from '../../src/partition/index.ts';
import { hiZfoStep, stepSettings } from '../../src/train/index.ts';
import { engines } from '../engine/engines.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';

const dir = join(import.meta.dirname, '..', 'goldens', 'model', 'llama');
const tokens = goldenBatch(readJson<Expected>(dir, 'expected.json'));
const settings = stepSettings({ rateFO: 1e-3, rateZO: 1e-4, queries: 2 });

/** Clean losses of 20 Hi-ZFO steps on one batch. */
async function curve(engine: Engine): Promise<number[]> {
  await engine.activate();
  const model = await loadModel(engine, dir);
  const batch = new DeviceBatch(tokens, model.config);
  const optimizer = new AdamW(engine);
  const partition = Partition.of(model.parameters.list, 'layers.1.*');
  const losses: number[] = [];
  try {
    for (let step = 0; step < 20; step++) {
      const done = await hiZfoStep({ model, partition, batch, settings, optimizer, seed: 3, step });
      losses.push(done.loss);
    }
    return losses;
  } finally {
    optimizer.dispose();
    batch.dispose();
    model.dispose();
  }
}

describe('one seed, one curve', () => {
  let reference: number[];
  beforeAll(async () => {
    reference = await curve(await engines['cpu, plain']!());
  });

  it.each(Object.keys(engines).filter((name) => name !== 'cpu, plain'))('%s', async (name) => {
    const losses = await curve(await engines[name]!());
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.1); // it trains, so that curves could part
    losses.forEach((loss, i) => expect(Math.abs(loss - reference[i]!)).toBeLessThan(1e-3));
  });
});
