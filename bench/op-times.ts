import type { Tensor } from '@tensorflow/tfjs';
import type { Engine, Ops } from '../src/engine/engine.ts';

/** Milliseconds that `work` spends in each operation of an engine that computes at once (wasm, cpu); products by their sizes. */
export async function timesByOperation(
  engine: Engine,
  work: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const ops = engine.ops as unknown as Record<string, (...args: unknown[]) => unknown>;
  const real = { ...ops };
  const times = new Map<string, number>();
  for (const name of Object.keys(real) as (keyof Ops)[]) {
    ops[name] = (...args) => {
      const start = performance.now();
      const result = real[name]!(...args);
      const sizes = name === 'linear' ? ` ${args.slice(0, 2).map((x) => (x as Tensor).shape.join(' x ')).join(' by ')}` : ''; // prettier-ignore
      times.set(name + sizes, (times.get(name + sizes) ?? 0) + performance.now() - start);
      return result;
    };
  }
  try {
    await work();
  } finally {
    Object.assign(ops, real);
  }
  return times;
}
