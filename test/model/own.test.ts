import type { Tensor } from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { layersModel, OwnModel, ownModel, type OwnDefinition } from '../../src/model/index.ts';
import { noLeaks } from '../no-leaks.ts';
import { loss64, names, net, ROWS, tensors, values } from './own.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const maker = <B>(value: B) => ({ what: 'The batch', make: () => value });

async function withModel<B, T>(
  definition: OwnDefinition<B>,
  value: B,
  work: (model: OwnModel<B>, batch: Awaited<ReturnType<OwnModel<B>['prepare']>>) => Promise<T>,
): Promise<T> {
  const model = await OwnModel.load(engine, definition);
  try {
    const batch = await model.prepare(maker(value));
    return await work(model, batch);
  } finally {
    model.dispose();
  }
}

describe('a loss over named tensors', () => {
  it('is the float64 loss and its gradient, and leaves nothing behind', async () => {
    const { weights, x, y } = tensors();
    await noLeaks(() =>
      withModel(net(weights), { x, y }, async (model, batch) => {
        const { list, get } = model.parameters;
        expect(list.map((p) => [p.name, p.role, p.layerName])).toEqual([
          ['w1', 'w', '1'],
          ['b1', 'b', '1'],
          ['w2', 'w', '2'],
          ['b2', 'b', '2'],
        ]);
        const { loss, gradients } = await model.lossAndGradients(get, batch, list);
        expect(loss).toBeCloseTo(loss64(values()), 6);
        for (const p of list) {
          const got = await gradients.get(p)!.data();
          got.forEach((g, i) => {
            const at = (by: number) => {
              const w = values() as unknown as Record<string, number[]>;
              w[p.name] = Array.from(w[p.name]!, (v, k) => (k === i ? v + by : v));
              return loss64(w);
            };
            expect(g, `${p.name}[${i}]`).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 4);
          });
        }
        tf.dispose([...gradients.values()]);
      }),
    );
    tf.dispose([weights, x, y]);
  });

  it('counts what each tensor costs by the products that it needs', async () => {
    const { weights, x, y } = tensors();
    await withModel(net(weights), { x, y }, async (model, batch) => {
      const { costs, unit } = await model.costs(batch);
      expect(unit).toBe('multiply-adds');
      // the gradient of a matrix is a product of its size a row, that of a bias its width a row; the error goes down through w2 alone
      const [w1, b1, w2, b2] = costs;
      expect(w1).toMatchObject({ dw: ROWS * 12, dy: 0, fp: ROWS * 12 });
      expect(b1).toMatchObject({ dw: ROWS * 4, dy: ROWS * 8 });
      expect(w2).toMatchObject({ dw: ROWS * 8, dy: 0, fp: ROWS * 8 });
      expect(b2).toMatchObject({ dw: ROWS * 2, dy: 0 });
      expect(model.stepCosts(batch)).toEqual(costs);
    });
    tf.dispose([weights, x, y]);
  });

  it('measures time by the clock where products cannot be counted', async () => {
    const w = tf.ones([4]);
    const v = tf.ones([4]);
    let ticks = 0;
    const clock = () => ticks++; // every operation takes one tick
    const definition = ownModel({
      weights: { w, v },
      loss: (t) => t.w.exp().mul(t.v).sum(),
      clock,
    });
    await withModel(definition, {} as never, async (model, batch) => {
      const { costs, unit } = await model.costs(batch);
      expect(unit).toBe('nanoseconds');
      // tape: exp (needs w), mul (w and v), sum, copy: asked for dexp and dv one by one
      expect(costs.map((c) => c.dw / 1e6)).toEqual([1, 1]);
      expect(costs[0]!.dy / 1e6).toBe(2); // exp's own call, and the error through mul down to exp
      expect(costs.every((c) => c.fp > 0)).toBe(true);
    });
    tf.dispose([w, v]);
  });

  it('says what is wrong with a loss, and leaves nothing behind', async () => {
    const w = tf.ones([2]);
    const other = tf.ones([2]);
    const cases: [(t: { w: Tensor; other: Tensor }) => unknown, RegExp][] = [
      [(t) => t.w.mul(t.other).reshape([2, 1]), /shape \[2, 1\].*one number \[\], or one an example \[n\]/],
      [(t) => t.w.add(t.other).cast('int32').sum(), /int32 tensor/],
      [(t) => Promise.resolve(t.w.add(t.other)), /promise.*without await/],
      [() => 3, /gave number, not a tensor/],
      [(t) => t.w.square(), /does not depend on other/],
      [() => tf.scalar(1), /does not depend on w, other/],
      [
        () => {
          tf.ones([7]);
          throw new Error('mine');
        },
        /The loss failed: mine/,
      ],
      [(t) => t.w.mul(t.other).sub(2).log(), /first batch is NaN/],
    ];
    for (const [loss, message] of cases) {
      await noLeaks(async () => {
        const definition = ownModel({ weights: { w, other }, loss: loss as never });
        const check = withModel(definition, {} as never, (model, batch) => model.check(batch));
        await expect(check).rejects.toThrow(message);
      });
    }
    tf.dispose([w, other]);
  });

  it('says what is wrong with weights', async () => {
    const loss = (t: Record<string, Tensor>) => t.w!.sum();
    const given = (w: unknown) => () => ownModel({ weights: { w: w as Tensor }, loss });
    expect(given(3)).toThrow(/Weight w is number/);
    expect(given(tf.tensor1d([1], 'int32'))).toThrow(/int32; only float32/);
    expect(given(tf.zeros([0, 2]))).toThrow(/shape \[0, 2\]/);
    const gone = tf.ones([1]);
    gone.dispose();
    expect(given(gone)).toThrow(/was disposed/);
    const foreign = { data: () => 0, dataSync: () => 0, throwIfDisposed: () => 0, dtype: 'float32' };
    expect(given(foreign)).toThrow(/another copy of TF.js/);
    expect(() => ownModel({ weights: {}, loss })).toThrow(/needs weights/);
    expect(() => ownModel({ weights: { w: tf.ones([1]) }, loss: 'mse' as never })).toThrow(/needs loss/);
    expect(() => ownModel({ weights: { w: tf.ones([1]) }, loss, metrik: loss } as never)).toThrow(
      /ownModel has no option metrik\. Did you mean metric\?/,
    );
    expect(() => ownModel(undefined as never)).toThrow(/ownModel takes options by name.*given undefined/);
    await expect(OwnModel.load(engine, given(tf.tensor1d([1, NaN]))())).rejects.toThrow(/Weight w holds NaN/);
  });

  it('frees what is made for a batch, and nothing else', async () => {
    const kept = tf.ones([2]);
    const w = tf.ones([2]);
    const model = await OwnModel.load(
      engine,
      ownModel<{ w: Tensor }, unknown>({ weights: { w }, loss: (t) => t.w.sum() }),
    );
    await noLeaks(async () => {
      const made = await model.prepare({
        what: 'It',
        make: () => ({ kept, list: [tf.ones([2]), 3], other: { t: tf.ones([4]).slice(0, 2) } }),
      });
      expect(made.rows).toBe(2);
      made.dispose();
      const later = async () => ({ a: await Promise.resolve(tf.ones([3])) });
      (await model.prepare({ what: 'It', make: later })).dispose();
      const failed = model.prepare({
        what: 'The batch of step 7',
        make: () => {
          tf.ones([5]);
          throw new Error('no file.');
        },
      });
      await expect(failed).rejects.toThrow('The batch of step 7 could not be made: no file.');
    });
    expect(kept.isDisposed).toBe(false);
    kept.dispose();
    await expect(model.prepare(maker({ kept }))).rejects.toThrow(/holds a tensor that was disposed/);
    model.dispose();
    w.dispose();
  });
});

describe('a tf.LayersModel', () => {
  function layers() {
    const made = tf.sequential({
      layers: [
        tf.layers.dense({ name: 'one', units: 4, activation: 'tanh', inputShape: [3] }),
        tf.layers.dense({ name: 'two', units: 2 }),
      ],
    });
    const v = tensors();
    made.setWeights(names.map((n) => v.weights[n]));
    return { model: made, ...v };
  }

  it('is the same net as the loss over tensors: losses, gradients, costs', async () => {
    const { model, weights, x, y } = layers();
    const byLoss = layersModel(model, {
      loss: (t: Tensor, o: Tensor) => tf.squaredDifference(t, o).sum(1),
    });
    expect(Object.keys(byLoss.weights)).toEqual(['one/kernel', 'one/bias', 'two/kernel', 'two/bias']);
    const look = <B>(definition: OwnDefinition<B>, batch: B) =>
      withModel(definition, batch, async (own, b) => {
        const { list, get } = own.parameters;
        const { loss, gradients } = await own.lossAndGradients(get, b, list);
        const data = await Promise.all([...gradients.values()].map(async (g) => Array.from(await g.data())));
        tf.dispose([...gradients.values()]);
        return { loss, data, costs: (await own.costs(b)).costs };
      });
    const [mine, theirs] = [await look(net(weights), { x, y }), await look(byLoss, { x, y })];
    expect(theirs.loss).toBeCloseTo(mine.loss, 6);
    theirs.data.flat().forEach((g, i) => expect(g).toBeCloseTo(mine.data.flat()[i]!, 5));
    const total = (costs: readonly { dy: number; dw: number }[]) =>
      costs.reduce((s, c) => s + c.dy + c.dw, 0);
    // a fused layer forms all its gradients at once, so its dw counts as dy; the sum also holds the unused gradient of x
    expect(total(theirs.costs)).toBe(total(mine.costs) + ROWS * 12);
    tf.dispose([weights, x, y]);
    model.dispose();
  });

  it('keeps its own variables during a pass that throws, and follows when it leads', async () => {
    const { model, weights, x, y } = layers();
    const before = await model.getWeights()[0]!.data();
    const broken = layersModel(model, {
      loss: () => {
        throw new Error('mine');
      },
    });
    await noLeaks(async () => {
      await expect(withModel(broken, { x, y }, (m, b) => m.check(b))).rejects.toThrow(/mine/);
    });
    expect(await model.getWeights()[0]!.data()).toEqual(before);

    const own = await OwnModel.load(engine, layersModel(model, { loss: 'meanSquaredError' }));
    await noLeaks(() => own.lead());
    const p = own.parameters.list[0]!;
    own.parameters.replace(p, tf.fill([3, 4], 0.25));
    expect([...new Set(await model.getWeights()[0]!.data())]).toEqual([0.25]);
    own.dispose();
    expect((model.predict(x) as Tensor).shape).toEqual([ROWS, 2]); // it outlives the session
    tf.dispose([weights, x, y]);
    model.dispose();
  });

  it('takes the losses of TF.js by name, the compiled one, and adds its penalties', async () => {
    const { model, weights, x, y } = layers();
    const mean = async (definition: OwnDefinition<{ x: Tensor | Tensor[]; y: Tensor | Tensor[] }>) =>
      withModel(
        definition,
        { x, y },
        async (m, b) => (await m.lossAndGradients(m.parameters.get, b, [])).loss,
      );
    const byName = await mean(layersModel(model, { loss: 'meanSquaredError' }));
    expect(byName).toBeCloseTo(loss64(values()) / 2, 6);
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(await mean(layersModel(model))).toBe(byName);
    const penalized = tf.sequential({
      layers: [
        tf.layers.dense({ units: 2, inputShape: [3], kernelRegularizer: tf.regularizers.l2({ l2: 0.1 }) }),
      ],
    });
    const [kernel] = penalized.getWeights();
    const plain = tf.losses.meanSquaredError(y, penalized.predict(x) as Tensor).dataSync()[0]!;
    const penalty = 0.1 * kernel!.square().sum().dataSync()[0]!;
    expect(await mean(layersModel(penalized, { loss: 'meanSquaredError' }))).toBeCloseTo(plain + penalty, 5);
    tf.dispose([weights, x, y]);
    model.dispose();
    penalized.dispose();
  });

  it('says what cannot be trained', () => {
    const make = (layer: object, more: object = {}) =>
      tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1], ...layer })], ...more });
    expect(() => layersModel({} as never, { loss: 'mse' })).toThrow(/Give a tf.LayersModel/);
    expect(() => layersModel(make({}))).toThrow(/no loss/);
    expect(() => layersModel(make({}), { loss: 'hige' })).toThrow(/no loss 'hige'/);
    expect(() => layersModel(make({}), { lss: 'mse' } as never)).toThrow(
      /no option lss\. Did you mean loss\?/,
    );
    expect(() => layersModel(make({}), 'mse' as never)).toThrow(/takes options by name.*given 'mse'/);
    expect(() => layersModel(make({ trainable: false }), { loss: 'mse' })).toThrow(/no trainable weights/);
    const bound = make({ kernelConstraint: tf.constraints.nonNeg() });
    expect(() => layersModel(bound, { loss: 'mse' })).toThrow(/constraint/);
  });
});
