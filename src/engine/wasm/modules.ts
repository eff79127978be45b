import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import v8 from 'node:v8';
import { EngineError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';
import { withSharedMemory } from './threads/shared-memory.ts';

type P = number;

/** Exports of src/engine/wasm/assembly/kernels.ts; every P is a byte offset in the shared memory. */
export interface Kernels {
  gemmScratch(): number;
  /** a, lda, b, ldb, c, ldc, m, n, k, transposed a, transposed b, accumulate, scratch. */
  gemm(...args: number[]): void;
  rmsForward(x: P, gain: P, y: P, stat: P, rows: number, d: number, eps: number): void;
  rmsBackward(x: P, gain: P, stat: P, dy: P, dx: P, dgain: P, rows: number, d: number): void;
  layerForward(x: P, gain: P, bias: P, y: P, stat: P, rows: number, d: number, eps: number): void;
  layerBackward(x: P, gain: P, stat: P, dy: P, dx: P, dgain: P, rows: number, d: number): void;
  activateForward(kind: number, x: P, y: P, n: number): void;
  activateBackward(kind: number, x: P, dy: P, dx: P, n: number): void;
  gatedForward(kind: number, gate: P, up: P, y: P, n: number): void;
  gatedBackward(kind: number, gate: P, up: P, dy: P, dgate: P, dup: P, n: number): void;
  copyColumns(from: P, fromStride: number, to: P, toStride: number, rows: number, width: number): void;
  softcapForward(x: P, slopes: P, n: number, cap: number): void;
  multiplyInto(a: P, b: P, n: number): void;
  addVectors(a: P, b: P, y: P, n: number): void;
  addBias(y: P, bias: P, rows: number, d: number): void;
  sumRows(x: P, out: P, rows: number, d: number): void;
  attentionScratch(length: number): number;
  /** x, out, cos, sin, batch, length, heads, headDim, rotary dimensions, scale, direction. */
  rotate(...args: number[]): void;
  /** q, k, v, out, lse, batch, length, heads, kvHeads, headDim, slopes, softcap, window, work. */
  attentionForward(...args: number[]): void;
  /** q, k, v, out, lse, first, count, length, heads, kvHeads, headDim, slopes, softcap, window, work. */
  attentionSpan(...args: number[]): void;
  /** q, k, v, dy, lse, dq, dk, dv, batch, length, heads, kvHeads, headDim, slopes, softcap, window, work. */
  attentionBackward(...args: number[]): void;
  crossEntropy(logits: P, targets: P, tokens: P, rows: number, vocabulary: number, gradient: number): number;
  firstOutside(ids: P, n: number, limit: number): number;
  gatherRows(table: P, ids: P, out: P, n: number, d: number): void;
  scatterRows(rows: P, ids: P, table: P, n: number, d: number, size: number, padding: number): void;
  zero(p: P, n: number): void;
  scaleVector(a: P, out: P, n: number, scale: number): void;
  addScaled(a: P, b: P, out: P, n: number, scale: number): void;
  /** w, g, m, v, new w, new m, new v, n, beta1, 1 - beta1, beta2, 1 - beta2, decay, step, root, epsilon. */
  adamw(...args: number[]): void;
  dot(a: P, b: P, n: number): number;
}

/** Export of src/engine/wasm/assembly/noise.ts. */
export interface NoiseKernels {
  /** w or 0, out, n, scale, seed, step, query, tensor, first block, rademacher, scratch of 64 bytes. */
  noise(...args: number[]): void;
}

/** Compiled kernels for one memory. */
export interface Modules {
  kernels: WebAssembly.Module;
  noise: WebAssembly.Module;
  /** True if the kernels use FMA. */
  relaxed: boolean;
}

/** The kernels for `memory`, shared or not, with FMA where that is allowed and this Node can run relaxed SIMD. */
export function compileKernels(memory: WebAssembly.Memory, allowRelaxed: boolean): Modules {
  const relaxed = allowRelaxed && canRun(readModule('kernels-relaxed'));
  const compiled = (name: string) => {
    const bytes = readModule(name);
    return new WebAssembly.Module(isShared(memory) ? withSharedMemory(bytes) : bytes);
  };
  return { kernels: compiled(relaxed ? 'kernels-relaxed' : 'kernels'), noise: compiled('noise'), relaxed };
}

/** The exports of a module of kernels on `memory`. */
export function instantiate<T>(module: WebAssembly.Module, memory: WebAssembly.Memory): T {
  return new WebAssembly.Instance(module, { env: { memory, log: Math.log } }).exports as T;
}

export const isShared = (memory: WebAssembly.Memory) => memory.buffer instanceof SharedArrayBuffer;

/** V8 before 12 (Node 20) has relaxed SIMD behind a flag, which may still be set at run time. */
function canRun(bytes: BufferSource): boolean {
  if (WebAssembly.validate(bytes)) return true;
  if (Number.parseInt(process.versions.v8, 10) >= 12) return false;
  v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(bytes);
}

function readModule(name: string): Uint8Array<ArrayBuffer> {
  const path = join(packageRoot(), 'dist', 'kernels', `${name}.wasm`);
  if (!existsSync(path))
    throw new EngineError(
      `The wasm kernels are missing: ${path}. Reinstall hi-zfo; in a checkout run: node scripts/build-kernels.mjs`,
    );
  return new Uint8Array(readFileSync(path));
}
