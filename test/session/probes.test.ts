import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { perturbedWeights, type Direction } from '../../src/estimate/index.ts';
import { DeviceBatch, lossAndGradients, lossOf } from '../../src/model/index.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';
import type { Session } from '../../src/session/index.ts';
import { start, weights } from './opened.ts';

/** Cosines and |g^ - g|^2 / |g|^2 of `samples` estimates with q queries, vector by vector in float64. */
async function byHand(s: Session, seed: number, samples: number, q: number) {
  const { list, get } = s.model.parameters;
  const { epsilon } = s.settings;
  const batch = new DeviceBatch(s.source.at(s.steps), s.model.config);
  const { loss, gradients } = await lossAndGradients(s.model, get, batch, list);
  const g = list.map((p) => gradients.get(p)!.dataSync() as Float32Array);
  const cosines: number[] = [];
  const ratios: number[] = [];
  for (let k = 0; k < samples; k++) {
    const estimate = list.map((p) => new Float64Array(p.size));
    for (let i = k * q; i < (k + 1) * q; i++) {
      const u: Direction = { seed, step: i, query: 0x80000000, law: 'gaussian' };
      const plus = await lossOf(
        s.model,
        perturbedWeights(s.engine, s.model.parameters, new Set(list), u, epsilon),
        batch,
      );
      const c = (plus - loss) / epsilon / q;
      list.forEach((p, j) => {
        const part = new Float32Array(p.size);
        fillNoise(part, { seed, step: i, query: 0x80000000, tensor: tensorId(p.name) }, 'gaussian');
        part.forEach((x, n) => (estimate[j]![n]! += c * x));
      });
    }
    let [ee, eg, gg, dd] = [0, 0, 0, 0];
    estimate.forEach((part, j) =>
      part.forEach((x, n) => {
        const y = g[j]![n]!;
        ee += x * x;
        eg += x * y;
        gg += y * y;
        dd += (x - y) ** 2;
      }),
    );
    cosines.push(eg / Math.sqrt(ee * gg));
    ratios.push(dd / gg);
  }
  tf.dispose([...gradients.values()]);
  batch.dispose();
  return { cosine: average(cosines), varianceRatio: average(ratios) };
}
const average = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length;

describe('probes', () => {
  it('are what the estimates are, vector by vector, and change nothing', async () => {
    const options = { method: 'zo', queries: 2, epsilon: 1e-2 } as const;
    const plain = await start(options);
    await plain.run(2);
    const s = await start(options);
    const live = tf.memory().numTensors;
    const heard: number[] = [];
    s.on('probe', (row) => heard.push(row.step));
    await s.probe({ every: 2, draws: 3 }).run(2);
    expect(tf.memory().numTensors).toBe(live);
    expect(await weights(s)).toEqual(await weights(plain));
    expect(heard).toEqual([2]);
    const [row] = s.history.data.probes;
    const seed = (3 + Math.imul(2, 0x9e3779b1)) >>> 0;
    const expected = await byHand(s, seed, 3, 2);
    expect(row!.cosine / expected.cosine).toBeCloseTo(1, 3);
    expect(row!.varianceRatio / expected.varianceRatio).toBeCloseTo(1, 3);
    expect(row!.varianceLaw).toBe((s.model.parameters.size + 1) / 2);
    expect(s.events.at(-1)).toMatchObject({ step: 2, kind: 'probe' });
    await s.probe({ every: 0 }).run(2);
    expect(s.probeRows.length).toBe(1);
  });

  it('end with the run that is stopped, and refuse what is no number of steps', async () => {
    const s = await start({ method: 'zo' });
    const run = s.probe({ every: 1, draws: 10_000 }).start();
    await new Promise<void>((resolve) => s.once('step', () => resolve()));
    s.stop();
    await run;
    expect([s.steps, s.probeRows.length]).toEqual([1, 0]);
    expect(() => s.probe({ every: -1 })).toThrow(/every -1 steps/);
    expect(() => s.setProbes({ every: 1, draws: 1 })).toThrow(/1 draws/);
  });

  it('are left out where no tensor is ZO, and a failing one is a line, not the end of the run', async () => {
    const full = await start({ method: 'full' });
    await full.probe({ every: 1 }).run(1);
    expect(full.events.filter((e) => e.kind === 'probe' || e.kind === 'warning')).toEqual([]);
    const s = await start({ method: 'zo' });
    const at = s.source.at.bind(s.source);
    s.source.at = (step) => {
      if (step === 1) throw new Error('no such batch');
      return at(step);
    };
    await s.probe({ every: 1 }).run(1);
    expect(s.events.at(-1)).toMatchObject({ kind: 'warning', text: 'no probe: no such batch' });
  });
});
