import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MANIFEST } from '../../native/recipe.ts';
import { fastFolder, ONNXRUNTIME } from './recipe.ts';
import { Product, type Binding } from './product.ts';

/** onnxruntime as it was found. */
export interface Mlas {
  folder: string;
  binding: Binding;
  /** Whether it takes memory that threads share: native addons may since Node 22.23 and 24.9. */
  seesShared: boolean;
}

let loaded: Mlas | undefined;

/**
 * Loads onnxruntime-node, the one that `hi-zfo engine install fast` made or else one beside hi-zfo or in the working directory,
 * and has it multiply.
 * @throws the reason, as a short message
 */
export function loadMlas(): Mlas {
  if (loaded) return loaded;
  const folder = findMlas();
  if (folder === undefined) throw new Error('not installed');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  if (version !== ONNXRUNTIME.version)
    throw new Error(
      `${folder} is version ${version}; its product is reached by a way that was tried with ${ONNXRUNTIME.version} only`,
    );
  const load = createRequire(join(folder, 'package.json'));
  const module = load('./dist/binding.js') as { binding?: Binding; initOrt?: () => void };
  if (!module.binding || !module.initOrt) throw new Error(`${folder} has no binding`);
  module.initOrt();
  const { binding } = module;
  check(binding, new WebAssembly.Memory({ initial: 1, maximum: 1 }));
  let seesShared = true;
  try {
    check(binding, new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  } catch {
    seesShared = false;
  }
  return (loaded = { folder, binding, seesShared });
}

/** Folder of the package. */
export function findMlas(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = fastFolder(environment);
  const bases = [import.meta.url, join(process.cwd(), 'package.json')];
  if (existsSync(join(own, MANIFEST))) bases.unshift(join(own, 'package.json'));
  for (const base of bases) {
    try {
      return dirname(createRequire(base).resolve(`${ONNXRUNTIME.name}/package.json`));
    } catch {
      // Not here; the next base may have it.
    }
  }
  return undefined;
}

/** Each product of a [2, 3] and b [3, 2], as they are and transposed. */
function check(binding: Binding, { buffer }: WebAssembly.Memory): void {
  const product = new Product(binding, 1);
  const place = (values: number[], at: number) => {
    const view = new Float32Array(buffer, at, values.length);
    view.set(values);
    return view;
  };
  for (const way of [0, 1, 2, 3]) {
    const [left, right] = [way > 1, way % 2 > 0];
    const a = { data: place(left ? [1, 4, 2, 5, 3, 6] : [1, 2, 3, 4, 5, 6], 64), transposed: left };
    const b = { data: place(right ? [1, 0, 2, 0, 1, 3] : [1, 0, 0, 1, 2, 3], 128), transposed: right };
    const c = place([0, 0, 0, 0], 256);
    product.multiply(a, b, c, [2, 2, 3]);
    if (c.join() !== '7,11,16,23') throw new Error(`a product came out as ${c.join(', ')}`);
  }
}
