import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, tf, type Engine } from '../../src/engine/index.ts';
import { isInside } from '../../src/variance/checks.ts';
import { dispose, drawn, inner, plus } from '../../src/variance/vectors.ts';
import {
  filterNormalized,
  gradientAxis,
  lossLine,
  lossPlane,
  pathAxes,
  project,
  quadratic,
  randomAxis,
  snapshot,
  type Vector,
} from '../../src/variance/index.ts';
import { network, networkObjective, start } from './network.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('wasm');
  await engine.activate();
});

const named = (name: string, vector: Vector) => ({ name, vector });

describe('loss landscape', () => {
  it('is the parabola of a quadratic, and the smoothed loss lies epsilon^2 / 2 tr H above', async () => {
    const on = quadratic(engine, { shapes: [[12]], diagonal: (i) => 1 + i / 12, gradient: () => 0.5 });
    const v = drawn(engine, on.parameters, { seed: 1, step: 0, query: 0, law: 'gaussian' });
    const x = Array.from(await [...v.values()][0]!.data());
    const live = tf.memory().numTensors;
    const line = await lossLine(on, named('u', v), { points: 5, radius: 0.5, epsilon: 0.2, draws: 400 });
    expect(line.at).toEqual([-0.5, -0.25, 0, 0.25, 0.5]);
    line.at.forEach((t, k) => {
      const exact = x.reduce((s, xi, i) => s + 0.5 * t * xi + ((1 + i / 12) * (t * xi) ** 2) / 2, 1);
      expect(line.loss[k]).toBeCloseTo(exact, 5);
      const above = line.smoothed!.loss[k]!;
      expect(isInside(above, exact + 0.02 * on.facts.trace)).toBe(true);
      expect(isInside(above, exact)).toBe(false);
    });
    expect(line.center).toBe(1);
    expect(tf.memory().numTensors).toBe(live);
    dispose(v);
    on.dispose();
  });

  it('on a plane has the loss of w + x a + y b at [y][x]', async () => {
    const on = networkObjective(engine);
    const [a, b] = [randomAxis(on, 1, 0), randomAxis(on, 1, 1)];
    const live = tf.memory().numTensors;
    const plane = await lossPlane(on, [named('a', a), named('b', b)], { points: 3, radii: [0.5, 0.25], epsilon: 0.1, draws: 2 }); // prettier-ignore
    expect([plane.x, plane.y]).toEqual([[-0.5, 0, 0.5], [-0.25, 0, 0.25]]); // prettier-ignore
    const flat = (v: Vector) => Promise.all([...v.values()].map((t) => t.data())).then((l) => l.flatMap((x) => [...x])); // prettier-ignore
    const [fa, fb] = [await flat(a), await flat(b)];
    const w = start.map((x, i) => x + 0.5 * fa[i]! - 0.25 * fb[i]!);
    expect(plane.loss[0]![2]).toBeCloseTo(network(w).loss, 5);
    expect(plane.loss[1]![1]).toBe(plane.center);
    expect(plane.smoothed!.loss.flat()).toHaveLength(9);
    expect(tf.memory().numTensors).toBe(live);
    dispose(a, b);
    on.dispose();
  });

  it('keeps what a stopped line has, and the weights', async () => {
    const on = networkObjective(engine);
    const axis = randomAxis(on, 1);
    const stop = new AbortController();
    const line = await lossLine(on, named('random', axis), {
      signal: stop.signal,
      onPoint: (n) => n === 4 && stop.abort(),
    });
    expect(line.at).toHaveLength(4);
    await expect(lossPlane(on, [named('a', axis), named('b', axis)], { signal: stop.signal })).rejects.toThrow(/Stopped after 0 of 225/); // prettier-ignore
    expect(await on.lossAt()).toBe(line.center);
    dispose(axis);
    on.dispose();
  });
});

describe('axes', () => {
  it('have filters as long as the weights, and leave tensors of one dimension alone', async () => {
    const on = networkObjective(engine);
    const axis = randomAxis(on, 3);
    const [hidden, out] = on.parameters as [(typeof on.parameters)[0], (typeof on.parameters)[0]];
    const lengths = (x: Float32Array) =>
      Array.from({ length: 5 }, (_, j) => Math.hypot(...x.slice(3 * j, 3 * j + 3)));
    const [got, want] = await Promise.all([axis.get(hidden)!.data(), on.weight(hidden).data()]);
    lengths(got as Float32Array).forEach((l, j) =>
      expect(l).toBeCloseTo(lengths(want as Float32Array)[j]!, 5),
    );
    expect([...(await axis.get(out)!.data())]).toEqual([0, 0, 0, 0, 0]);
    // scaling a direction's filter does not matter
    const double = filterNormalized(on, new Map([...axis].map(([p, t]) => [p, t.mul(7)])));
    expect((await double.get(hidden)!.data())[4]).toBeCloseTo(got[4]!, 5);
    const g = await gradientAxis(on, axis);
    expect(await inner(engine, g, g)).toBeCloseTo(await inner(engine, axis, axis), 4);
    dispose(axis, g);
    on.dispose();
  });

  it('of a path hold its spread, and projection gives back coordinates', async () => {
    const on = networkObjective(engine);
    const center = snapshot(on);
    const [a, b] = [0, 1].map((step) => drawn(engine, on.parameters, { seed: 1, step, query: 0, law: 'gaussian' })) as [Vector, Vector]; // prettier-ignore
    const place = (x: number, y: number) => {
      const half = plus(engine, center, a, x);
      const whole = plus(engine, half, b, y);
      dispose(half);
      return whole;
    };
    const path = [place(3, 0.1), place(2, 0.4), place(1, 0.2), place(0, 0)];
    const found = await project(engine, path[1]!, center, [a, b]);
    expect(found.x).toBeCloseTo(2, 4);
    expect(found.y).toBeCloseTo(0.4, 4);
    expect(found.off).toBeLessThan(1e-2 * found.length);
    const live = tf.memory().numTensors;
    const { axes, shares } = await pathAxes(engine, center, path);
    expect(shares[0] + shares[1]).toBeCloseTo(1, 5);
    expect(shares[0]).toBeGreaterThan(0.9);
    for (const w of path) expect((await project(engine, w, center, axes)).off).toBeLessThan(0.02);
    expect(await inner(engine, axes[0], axes[0])).toBeCloseTo(1, 4);
    expect(await inner(engine, axes[0], axes[1])).toBeCloseTo(0, 3);
    dispose(...axes);
    expect(tf.memory().numTensors).toBe(live);
    await expect(pathAxes(engine, center, [path[0]!, path[0]!])).rejects.toThrow(/one line/);
    dispose(center, a, b, ...path);
    on.dispose();
  });
});
