import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MANIFEST } from '../native/recipe.ts';
import { shareTfjs } from '../native/share-tfjs.ts';
import { tf } from '../tf.ts';
import { webgpuBackend } from './backend.ts';
import { guard } from './guard.ts';
import { BACKEND, DAWN, webgpuFolder } from './recipe.ts';

/** The card that serves. */
export interface Card {
  /** Its name and driver, as it gives them. */
  description: string;
  /** A renderer on the CPU: right, and very slow. */
  software: boolean;
}

interface Gpu {
  requestAdapter(options?: object): Promise<{
    info: { vendor: string; architecture: string; description: string; isFallbackAdapter?: boolean };
  } | null>;
}

let loaded: Card | undefined;

/**
 * Starts Dawn and TF.js's WebGPU backend, the ones that `hi-zfo engine install webgpu` brought or else those beside hi-zfo or
 * in the working directory, and has it compute a product. Once it has started, it is what this gives.
 * @throws the reason, as a short message
 */
export async function loadWebgpu(): Promise<Card> {
  if (loaded) {
    await tf.setBackend('webgpu');
    return loaded;
  }
  const found = await resolve();
  if (!found) throw new Error('not installed');
  const previous = tf.engine().backendName;
  try {
    const dawn = (await import(pathToFileURL(found(DAWN.name)).href)) as {
      create(options: string[]): Gpu;
      globals: object;
    };
    Object.assign(globalThis, dawn.globals);
    const gpu = dawn.create([]);
    // Node has a navigator of its own since 21
    if (!('navigator' in globalThis))
      Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) throw new Error('no graphics card with a Vulkan, Metal or Direct3D 12 driver is found');
    if (!tf.findBackend('webgpu')) found.load(BACKEND.name);
    if (!(await tf.setBackend('webgpu'))) throw new Error('its backend did not start');
    guard(webgpuBackend());
    await checkProduct();
    const { info } = adapter;
    return (loaded = {
      description: info.description || `${info.vendor} ${info.architecture}`,
      software: info.isFallbackAdapter === true || /swiftshader|llvmpipe/i.test(info.description),
    });
  } catch (error) {
    if (previous) await tf.setBackend(previous);
    throw error;
  }
}

interface Found {
  (name: string): string;
  load(name: string): unknown;
}

async function resolve(): Promise<Found | undefined> {
  const own = webgpuFolder();
  const installed = existsSync(join(own, MANIFEST));
  if (installed) await shareTfjs(own);
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const base of installed ? [join(own, 'package.json'), ...bases] : bases) {
    const load = createRequire(base);
    try {
      load.resolve(DAWN.name);
      load.resolve(BACKEND.name);
      return Object.assign((name: string) => load.resolve(name), { load });
    } catch {
      // Not here; the next base may have it.
    }
  }
  return undefined;
}

/** [[1, 2], [3, 4]] times itself. */
async function checkProduct(): Promise<void> {
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = tf.matMul(a, a);
  const values = Array.from(await product.data());
  tf.dispose([a, product]);
  if (values.join() !== '7,10,15,22') throw new Error(`a 2 x 2 product came out as ${values.join(', ')}`);
}
