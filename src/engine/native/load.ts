import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { existsSync, readdirSync } from 'node:fs';
import { tf } from '../tf.ts';
import { engineFolder, MANIFEST, type NativePackage } from './recipe.ts';
import { shareTfjs } from './share-tfjs.ts';

/** A native backend that loads and computes. */
export interface NativeBackend {
  package: string;
  version: string;
  usesGpu: boolean;
}

/** One process holds one libtensorflow. */
let loaded: NativeBackend | undefined;

/**
 * Loads tfjs-node or tfjs-node-gpu, the one that `hi-zfo engine install` made or else one beside hi-zfo or in the working
 * directory, and has it compute a product: an install without its addon, or one whose libtensorflow does not load, fails here. Once either has been loaded, it is
 * what this gives for both names.
 * @throws the reason, as a short message
 */
export async function loadNative(name: NativePackage): Promise<NativeBackend> {
  if (loaded) {
    await tf.setBackend('tensorflow');
    return loaded;
  }
  shimUtil();
  // TensorFlow greets on stderr; warnings and errors still come through.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const found = await resolve(name);
  if (!found) throw new Error('not installed');
  if (!hasAddon(found.path)) throw new Error('it has no addon: its own download did not happen');
  const previous = tf.engine().backendName;
  try {
    const module = found.load(found.path) as { version?: Record<string, string> };
    if (!tf.findBackend('tensorflow'))
      throw new Error(
        'it brought another copy of @tensorflow/tfjs-core; install the same TF.js version (4.22.0) once',
      );
    if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend did not start');
    await checkProduct();
    const backend = tf.backend() as unknown as { isUsingGpuDevice?: boolean };
    return (loaded = {
      package: name,
      version: module.version?.['tfjs-node'] ?? '4',
      usesGpu: backend.isUsingGpuDevice === true,
    });
  } catch (error) {
    if (previous) await tf.setBackend(previous);
    throw new Error(firstLine(error), { cause: error });
  }
}

async function resolve(name: NativePackage): Promise<{ path: string; load: NodeJS.Require } | undefined> {
  const own = engineFolder(name === '@tensorflow/tfjs-node' ? 'native' : 'gpu');
  const installed = existsSync(join(own, MANIFEST));
  if (installed) await shareTfjs(own);
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const base of installed ? [join(own, 'package.json'), ...bases] : bases) {
    const load = createRequire(base);
    try {
      return { path: load.resolve(name), load };
    } catch {
      // Not here; the next base may have it.
    }
  }
  return undefined;
}

/** Asked before the package is loaded, since that would first register a second TF.js over ours, line by line. */
function hasAddon(main: string): boolean {
  const lib = join(dirname(main), '..', 'lib');
  return existsSync(lib) && readdirSync(lib).some((name) => existsSync(join(lib, name, 'tfjs_binding.node')));
}

/** [[1, 2], [3, 4]] times itself. */
async function checkProduct(): Promise<void> {
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = tf.matMul(a, a);
  const values = Array.from(await product.data());
  tf.dispose([a, product]);
  if (values.join() !== '7,10,15,22') throw new Error(`a 2 x 2 product came out as ${values.join(', ')}`);
}

/** tfjs-node 4.22 calls two functions that Node 23 removed. */
function shimUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
}
