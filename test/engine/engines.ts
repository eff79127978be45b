import type { Tensor } from '@tensorflow/tfjs';
import { type Engine, openEngine, tf } from '../../src/engine/index.ts';
import { fillNormal } from '../../src/noise/index.ts';

/** The engines that need nothing installed, in each of their forms. */
export const engines: Record<string, () => Promise<Engine>> = {
  'cpu, plain': () => openEngine('cpu'),
  'wasm, plain': () => openEngine('wasm', { fused: false }),
  'wasm, fused': () => openEngine('wasm'),
  'wasm, fused, no FMA': () => openEngine('wasm', { relaxed: false }),
};

const native = await openEngine('native').then(
  (engine) => engine,
  () => undefined,
);
// tfjs-node is an optional peer: it is tested where it is installed.
if (native) engines.native = () => Promise.resolve(native);

const webgpu = await openEngine('webgpu').then(
  (engine) => engine,
  () => undefined,
);
if (webgpu) engines.webgpu = () => Promise.resolve(webgpu);

/** Values of the tensors that `make` gives, which are then disposed of; a card can only be read so, not at once. */
export async function read(make: () => Tensor[]): Promise<Float32Array[]> {
  const made = tf.tidy(make);
  try {
    return await Promise.all(made.map((tensor) => tensor.data<'float32'>()));
  } finally {
    tf.dispose(made);
  }
}

/** Fixed normal values; `tensor` tells draws apart. */
export function values(size: number, tensor: number): Float32Array {
  const out = new Float32Array(size);
  fillNormal(out, { seed: 11, step: 0, query: 0, tensor });
  return out;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

export function tensorOf(shape: readonly number[], tensor: number): Tensor {
  return tf.tensor(values(sizeOf(shape), tensor), [...shape]);
}

/** Largest |a - b| over max(1, largest |b|). */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let difference = 0;
  let scale = 1;
  for (let i = 0; i < b.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    difference = d > difference || Number.isNaN(d) ? d : difference;
    scale = Math.max(scale, Math.abs(b[i]!));
  }
  return difference / scale;
}
