// Times the kernels of the wasm engine: npx tsx bench/kernels.ts [gemm|noise|ops]. Best of several alternating runs.
import type { Tensor, Tensor1D, Tensor2D, TensorInfo } from '@tensorflow/tfjs';
import { openEngine, type Ops, tf } from '../src/engine/index.ts';
import { compileKernels, instantiate, type NoiseKernels } from '../src/engine/wasm/modules.ts';
import { wasmBackend } from '../src/engine/wasm/heap.ts';
import { fillNoise } from '../src/noise/index.ts';

type Call = { inputs: Record<string, TensorInfo>; backend: unknown; attrs: object };

const only = process.argv[2];
const key = { seed: 1, step: 2, query: 3, tensor: 4 };

/** Milliseconds of the fastest of `rounds` calls of each function, taken in turn. */
function fastest(rounds: number, functions: (() => void)[]): number[] {
  const best = functions.map(() => Infinity);
  for (let round = -2; round < rounds; round++)
    functions.forEach((f, i) => {
      const start = performance.now();
      f();
      if (round >= 0) best[i] = Math.min(best[i]!, performance.now() - start);
    });
  return best;
}

async function main(): Promise<void> {
  // XNNPACK, before the product is mended.
  const { createRequire } = await import('node:module');
  createRequire(import.meta.url)('@tensorflow/tfjs-backend-wasm');
  const stock = tf.getKernel('BatchMatMul', 'wasm').kernelFunc as (call: Call) => TensorInfo;
  const fused = await openEngine('wasm');
  const noFma = await openEngine('wasm', { relaxed: false });
  const plain = await openEngine('wasm', { fused: false });
  await fused.activate();
  console.log(String(fused.describe().summary), '| Node', process.version);
  if (!only || only === 'noise') noise();
  if (!only || only === 'gemm') products(stock, fused.ops, noFma.ops);
  if (!only || only === 'ops') operations(fused.ops, plain.ops);
}

function noise(): void {
  const n = 1_000_000;
  const memory = wasmBackend().wasm.asm.memory;
  const kernels = instantiate<NoiseKernels>(compileKernels(memory, false).noise, memory);
  const [w, out, scratch] = [tf.zeros([n]), tf.zeros([n]), tf.zeros([16])].map(
    (tensor) => wasmBackend().dataIdMap.get(tensor.dataId)!.memoryOffset,
  ) as [number, number, number];
  const array = new Float32Array(n);
  const draw = (from: number, law: number) => () =>
    kernels.noise(from, out, n, 1e-3, 1, 2, 3, 4, 0, law, scratch);
  const labels = ['normal', 'w + s normal', 'Rademacher', 'w + s Rademacher', 'normal, JS', 'Rademacher, JS'];
  const times = fastest(15, [
    draw(0, 0),
    draw(w, 0),
    draw(0, 1),
    draw(w, 1),
    () => fillNoise(array, key, 'gaussian'),
    () => fillNoise(array, key, 'rademacher'),
  ]);
  console.log('\nnoise, ms per million');
  labels.forEach((label, i) => console.log(`  ${label.padEnd(20)} ${times[i]!.toFixed(2)}`));
}

function products(stock: (call: Call) => TensorInfo, fma: Ops, simd: Ops): void {
  console.log('\nproducts, GF/s         own FMA  own SIMD  XNNPACK');
  const sizes = [
    [512, 512, 512],
    [512, 1536, 576],
    [512, 576, 1536],
    [512, 576, 576],
    [128, 1536, 576],
    [64, 256, 256],
  ] as const;
  for (const [m, n, k] of sizes) {
    const x = noiseTensor([m, k]);
    const w = noiseTensor([n, k]);
    const [a, b] = [tf.reshape(x, [1, m, k]), tf.reshape(tf.transpose(w), [1, k, n])];
    const call = { inputs: { a, b }, backend: tf.backend(), attrs: { transposeA: false, transposeB: false } };
    const times = fastest(9, [
      () => fma.linear(x, w).dispose(),
      () => simd.linear(x, w).dispose(),
      () => wasmBackend().disposeData(stock(call).dataId),
    ]);
    const speeds = times.map((ms) => ((2 * m * n * k) / ms / 1e6).toFixed(1).padStart(8));
    console.log(`  ${`${m} x ${k} x ${n}`.padEnd(20)}${speeds.join(' ')}`);
    tf.dispose([x, w, a, b]);
  }
}

function noiseTensor(shape: [number, number]): Tensor2D {
  const values = new Float32Array(shape[0] * shape[1]);
  fillNoise(values, key, 'rademacher');
  return tf.tensor2d(values, shape);
}

function operations(fused: Ops, plain: Ops): void {
  const [batch, length, heads, kvHeads, headDim, d, ff, vocabulary] = [4, 128, 9, 3, 64, 576, 1536, 4096];
  const n = batch * length;
  const shape = { batch, length, heads, kvHeads, headDim };
  const angle = noiseTensor([length, headDim / 2]);
  const rotary = { cos: tf.cos<Tensor2D>(angle), sin: tf.sin<Tensor2D>(angle) };
  const ids = tf.tensor1d(
    Int32Array.from({ length: n }, (_, i) => i),
    'int32',
  );
  const gain: Tensor1D = tf.ones([d]);
  const [x, g] = [noiseTensor([n, d]), noiseTensor([n, ff])];
  const [kv, table] = [noiseTensor([n, kvHeads * headDim]), noiseTensor([vocabulary, d])];
  const down = noiseTensor([d, ff]);
  const cases: [string, (ops: Ops) => (...xs: Tensor[]) => Tensor, Tensor[]][] = [
    ['embed', (ops) => (w) => ops.embed(w as Tensor2D, ids), [table]],
    ['rmsNorm', (ops) => (a, b) => ops.rmsNorm(a as Tensor2D, b as Tensor1D, 1e-5), [x, gain]],
    ['linear', (ops) => (a, w) => ops.linear(a as Tensor2D, w as Tensor2D), [g, down]],
    [
      'attention',
      (ops) => (q, k, v) => ops.attention(q as Tensor2D, k as Tensor2D, v as Tensor2D, shape, rotary),
      [x, kv, kv.clone()],
    ],
    ['swiglu', (ops) => (a, b) => ops.gated(a as Tensor2D, b as Tensor2D, 'silu'), [g, g.clone()]],
    ['add', (ops) => (a, b) => ops.add(a as Tensor2D, b as Tensor2D), [x, x.clone()]],
    ['headLoss', (ops) => (h, w) => ops.headLoss(h as Tensor2D, w as Tensor2D, ids).mean, [x, table]],
  ];
  console.log(
    `\nops at ${JSON.stringify(shape)}, d ${d}, ff ${ff}, vocabulary ${vocabulary}, ms fused / plain`,
  );
  for (const [name, make, inputs] of cases) {
    const forward = (ops: Ops) => () => tf.tidy(() => void make(ops)(...inputs));
    const dy = tf.onesLike(tf.tidy(() => make(fused)(...inputs)));
    const both = (ops: Ops) => () => tf.tidy(() => void tf.grads(make(ops))(inputs, dy));
    const times = fastest(5, [forward(fused), forward(plain), both(fused), both(plain)]).map((ms) =>
      ms.toFixed(2),
    );
    console.log(
      `  ${name.padEnd(10)} forward ${times[0]} / ${times[1]}, with gradients ${times[2]} / ${times[3]}`,
    );
    dy.dispose();
  }
  const settings = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, step: 3 };
  const second = tf.square(table);
  const updates: [string, (ops: Ops) => void][] = [
    ['adamw', (ops) => void ops.adamw(table, table, table, second, settings)],
    ['addScaled', (ops) => void ops.addScaled(table, table, 0.1)],
    ['perturb', (ops) => void ops.perturb(table, 1e-3, key, 'gaussian')],
  ];
  for (const [name, f] of updates) {
    const run = (ops: Ops) => () => tf.tidy(() => f(ops));
    const times = fastest(5, [run(fused), run(plain)]).map((ms) => (ms / (table.size / 1e6)).toFixed(2));
    console.log(`  ${name.padEnd(10)} ms per million ${times[0]} / ${times[1]}`);
  }
}

await main();
