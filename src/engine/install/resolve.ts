import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tf } from '../tf.ts';
import { MANIFEST } from './place.ts';
import { shareTfjs } from './share-tfjs.ts';

/**
 * A `require` that finds all of these packages: in `own`, where `hi-zfo engine install` has put them, or else beside hi-zfo or
 * in the working directory. Undefined when there is none.
 */
export async function resolvePackages(
  own: string,
  packages: readonly string[],
): Promise<NodeJS.Require | undefined> {
  const installed = existsSync(join(own, MANIFEST));
  if (installed) await shareTfjs(own);
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  for (const base of installed ? [join(own, 'package.json'), ...bases] : bases) {
    const load = createRequire(base);
    try {
      packages.forEach((name) => load.resolve(name));
      return load;
    } catch {
      // Not here; the next base may have them.
    }
  }
  return undefined;
}

/** Has the active backend compute [[1, 2], [3, 4]] times itself. */
export async function checkProduct(): Promise<void> {
  const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = tf.matMul(a, a);
  const values = Array.from(await product.data());
  tf.dispose([a, product]);
  if (values.join() !== '7,10,15,22') throw new Error(`a 2 x 2 product came out as ${values.join(', ')}`);
}
