import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { checkProduct, resolvePackages } from '../install/resolve.ts';
import { tf } from '../tf.ts';
import { engineFolder, type NativePackage } from './recipe.ts';

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
 * directory, and has it compute a product: an install without its addon, or one whose libtensorflow does not load, fails here.
 * Once either has been loaded, it is what this gives for both names.
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
  const load = await resolvePackages(engineFolder(name === '@tensorflow/tfjs-node' ? 'native' : 'gpu'), [
    name,
  ]);
  if (!load) throw new Error('not installed');
  if (!hasAddon(load.resolve(name))) throw new Error('it has no addon: its own download did not happen');
  const previous = tf.engine().backendName;
  try {
    const module = load(name) as { version?: Record<string, string> };
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

/** Asked before the package is loaded, since that would first register a second TF.js over ours, line by line. */
function hasAddon(main: string): boolean {
  const lib = join(dirname(main), '..', 'lib');
  return existsSync(lib) && readdirSync(lib).some((name) => existsSync(join(lib, name, 'tfjs_binding.node')));
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
