import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { EngineError } from '../errors.ts';
import { description } from './description.ts';
import type { Engine, EngineDescription, EngineName, Ops } from './engine.ts';
import { loadNative } from './native/load.ts';
import { headLossBy } from './ops/head-loss.ts';
import { noiseOps } from './ops/noise.ts';
import { plainOps } from './ops/plain.ts';
import { tf } from './tf.ts';
import { turnOf } from './turn.ts';
import { fusedOps } from './wasm/fused.ts';
import { hostCrossEntropy } from './wasm/host-cross-entropy.ts';
import { hostNoise } from './wasm/host-noise.ts';
import { wasmBackend } from './wasm/heap.ts';
import { loadMlas } from './wasm/mlas/load.ts';
import { Product } from './wasm/mlas/product.ts';
import { ONNXRUNTIME } from './wasm/mlas/recipe.ts';
import { defaultThreads, startWasm, useWorkspace } from './wasm/start.ts';
import { Workspace } from './wasm/workspace.ts';
import { loadWebgpu } from './webgpu/load.ts';
import { webgpuOps } from './webgpu/ops.ts';

/** How {@link openEngine} sets an engine up. */
export interface EngineOptions {
  /** Use the fast forms of the operations where the engine has them (default true); false leaves the plain forms. */
  fused?: boolean;
  /** Let the wasm kernels use FMA where this Node has relaxed SIMD (default true). */
  relaxed?: boolean;
  /** Threads of wasm and fast; defaults to `HI_ZFO_THREADS`, or one a processor, at most 8. wasm's results do not depend on it. */
  threads?: number;
}

type Facts = Omit<EngineDescription, 'toString'>;
type Rejected = Facts['rejected'];

const opened = new Map<string, Promise<Engine>>();

/**
 * Opens a tensor engine; the same name and options give the same engine again.
 *
 * `auto` takes the first that loads and computes of tfjs-node-gpu, fast (wasm with the product of onnxruntime-node), tfjs-node and
 * wasm. `webgpu` (experimental) and `cpu` (TF.js in plain JavaScript, very slow, the reference for tests) are taken by name alone.
 * @throws EngineError if the engine asked for is not installed or does not compute
 */
export function openEngine(name: EngineName = 'auto', options: EngineOptions = {}): Promise<Engine> {
  const { fused = true, relaxed = true, threads = defaultThreads() } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64)
    throw new EngineError(`threads is ${threads}; give a whole number from 1 to 64.`);
  const idOf = (of: EngineName) => `${of} ${fused} ${relaxed} ${threads}`;
  const id = idOf(name);
  let engine = opened.get(id);
  if (!engine) {
    engine = turnOf(`opening ${id}`, () => open(name, { fused, relaxed, threads }));
    opened.set(id, engine);
    engine.then(
      // what auto found is what its own name gives, too
      (found) => void (opened.get(idOf(found.name)) ?? opened.set(idOf(found.name), engine!)),
      () => opened.delete(id),
    );
  }
  return engine;
}

async function open(name: EngineName, options: Required<EngineOptions>): Promise<Engine> {
  switch (name) {
    case 'auto':
      return openAuto(options);
    case 'wasm':
      return openWasm(options, 'asked for by name', []);
    case 'fast':
      return openFast(options, 'asked for by name', []);
    case 'cpu':
      return openCpu();
    case 'native':
    case 'gpu':
      return openNative(name);
    case 'webgpu':
      return openWebgpu();
    default:
      throw new EngineError(
        `No engine is called '${String(name)}'. Choose auto, wasm, fast, cpu, native, gpu or webgpu.`,
      );
  }
}

async function openAuto(options: Required<EngineOptions>): Promise<Engine> {
  const rejected: Rejected = [];
  for (const name of ['gpu', 'fast', 'native'] as const) {
    try {
      if (name === 'fast') return await openFast(options, 'the fastest that loads here', rejected);
      return await openNative(name, rejected);
    } catch (error) {
      rejected.push({
        name,
        reason: (error as Error).cause ? messageOf((error as Error).cause) : messageOf(error),
      });
    }
  }
  return openWasm(options, 'the fastest that loads here', rejected);
}

async function openWasm(
  options: Required<EngineOptions>,
  reason: string,
  rejected: Rejected,
): Promise<Engine> {
  const { fused } = options;
  const first = await startWasm(true, options);
  const same = options.relaxed === first.relaxed && options.threads === first.threads && !first.product;
  const workspace = same ? first : new Workspace(first.backend, options);
  const { relaxed, threads } = workspace;
  const faster = [
    first.onSharedMemory
      ? 'two to three times as fast with the product of onnxruntime: hi-zfo engine install fast'
      : 'on several threads in a process where the fast engine was not opened first (or with Node 22.23, 24.9 or newer)',
  ];
  if (existsSync('/dev/nvidia0'))
    faster.unshift(
      'an NVIDIA GPU is here, but @tensorflow/tfjs-node-gpu does not load: hi-zfo engine install gpu',
    );
  return makeEngine(
    'wasm',
    'wasm',
    fused ? fusedOps(workspace) : plainOps,
    {
      name: 'wasm',
      summary: `wasm: TF.js ${tf.version_core}, SIMD, ${threads} thread${threads > 1 ? 's' : ''}, ${fused ? 'fused' : 'plain'} kernels (${relaxed ? 'relaxed SIMD' : 'no FMA'})`,
      threads,
      reason,
      rejected,
      faster,
    },
    workspace,
  );
}

async function openFast(
  options: Required<EngineOptions>,
  reason: string,
  rejected: Rejected,
): Promise<Engine> {
  const fail = (cause: unknown): never => {
    throw new EngineError(
      `The fast engine needs ${ONNXRUNTIME.name} ${ONNXRUNTIME.version}, which does not serve: ${messageOf(cause)}. ` +
        `Install it with: hi-zfo engine install fast. Or use the wasm engine, which needs nothing.`,
      { cause },
    );
  };
  const { binding, seesShared } = await Promise.resolve().then(loadMlas).catch(fail);
  const product = new Product(binding, options.threads);
  const first = await startWasm(seesShared, { ...options, product });
  if (first.onSharedMemory && !seesShared)
    fail(new Error('the wasm engine runs in this process already, on memory that Node before 22.23 and 24.9 does not show to it; open fast first')); // prettier-ignore
  const workspace = first.product === product ? first : new Workspace(first.backend, { ...options, product });
  const { relaxed, threads } = workspace;
  const plural = (n: number) => `${n} thread${n > 1 ? 's' : ''}`;
  return makeEngine(
    'fast',
    'wasm',
    options.fused ? fusedOps(workspace) : plainOps,
    {
      name: 'fast',
      summary:
        `fast: TF.js ${tf.version_core} on wasm, products by onnxruntime ${ONNXRUNTIME.version} (${plural(options.threads)}), ` +
        `${options.fused ? 'fused' : 'plain'} kernels (${plural(threads)}, ${relaxed ? 'relaxed SIMD' : 'no FMA'})`,
      threads: options.threads,
      reason,
      rejected,
      faster: seesShared ? [] : ['kernels on several threads too with Node 22.23, 24.9 or newer'],
    },
    workspace,
  );
}

async function openCpu(): Promise<Engine> {
  const backend = tf.findBackend('cpu') as unknown as { firstUse: boolean };
  // Keeps TF.js from printing its advice to install tfjs-node: this engine is slow on purpose.
  backend.firstUse = false;
  return makeEngine('cpu', 'cpu', plainOps, {
    name: 'cpu',
    summary: `cpu: TF.js ${tf.version_core} in plain JavaScript, 1 thread (the reference; very slow)`,
    threads: 1,
    reason: 'asked for by name',
    rejected: [],
    faster: ["openEngine('wasm') is 20 to 100 times as fast and always available"],
  });
}

async function openNative(name: 'native' | 'gpu', rejected: Rejected = []): Promise<Engine> {
  const packageName = name === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const fail = (cause: unknown): never => {
    throw new EngineError(
      `The ${name} engine needs ${packageName}, which does not serve: ${messageOf(cause)}. ` +
        `Install it with: hi-zfo engine install ${name}. Or use the wasm engine, which needs nothing.`,
      { cause },
    );
  };
  const loaded = await loadNative(packageName).catch(fail);
  if (name === 'gpu' && !loaded.usesGpu) fail(new Error(`${loaded.package} is loaded, but uses no GPU`));
  return makeEngine(
    name,
    'tensorflow',
    { ...plainOps, ...noiseOps(hostNoise()), headLoss: headLossBy(hostCrossEntropy()) },
    {
      name,
      summary: `${name}: TF.js ${tf.version_core} on ${loaded.package} ${loaded.version}, plain operations; noise and cross-entropy on wasm`,
      threads: availableParallelism(),
      reason: 'loads and computes',
      rejected,
      faster: [],
    },
  );
}

async function openWebgpu(): Promise<Engine> {
  const card = await loadWebgpu().catch((cause: unknown) => {
    throw new EngineError(
      `The webgpu engine does not serve: ${messageOf(cause)}. Install it with: hi-zfo engine install webgpu. ` +
        'It needs a graphics card with its driver. Or use the wasm engine, which needs nothing.',
      { cause },
    );
  });
  return makeEngine('webgpu', 'webgpu', webgpuOps, {
    name: 'webgpu',
    summary: `webgpu (experimental): TF.js ${tf.version_core} on ${card.description}`,
    threads: 1,
    reason: 'asked for by name',
    rejected: [],
    faster: card.software ? ['this is a renderer on the CPU: the wasm engine is far faster'] : [],
  });
}

async function makeEngine(
  name: Engine['name'],
  backendName: string,
  ops: Ops,
  facts: Facts,
  workspace?: Workspace,
): Promise<Engine> {
  const engine: Engine = {
    name,
    ops,
    async activate() {
      if (workspace) useWorkspace(workspace);
      if (tf.engine().backendName === backendName) return;
      if (!(await tf.setBackend(backendName)))
        throw new EngineError(`TF.js could not switch to its ${backendName} backend.`);
    },
    describe: () => description(facts),
    memory() {
      const { numTensors, numBytes } = tf.memory();
      const heapBytes = backendName === 'wasm' ? wasmBackend().wasm.HEAPU8.length : 0;
      return { tensors: numTensors, bytes: numBytes, heapBytes };
    },
  };
  await engine.activate();
  return engine;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
