import { pathToFileURL } from 'node:url';
import { checkProduct, resolvePackages } from '../install/resolve.ts';
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

/** Said where Dawn is there and finds nothing to run on. */
export const NO_CARD = 'no graphics card with a Vulkan, Metal or Direct3D 12 driver is found';

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
  const load = await resolvePackages(webgpuFolder(), [DAWN.name, BACKEND.name]);
  if (!load) throw new Error('not installed');
  const previous = tf.engine().backendName;
  try {
    const dawn = (await import(pathToFileURL(load.resolve(DAWN.name)).href)) as {
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
    if (!adapter) throw new Error(NO_CARD);
    if (!tf.findBackend('webgpu')) load(BACKEND.name);
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
