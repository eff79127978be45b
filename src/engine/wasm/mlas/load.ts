import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MANIFEST } from '../../install/place.ts';
import { fastFolder, ONNXRUNTIME } from './recipe.ts';
import { Product, type Binding } from './product.ts';
import { tryProduct } from './try-product.ts';

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
export function loadMlas(environment: NodeJS.ProcessEnv = process.env): Mlas {
  if (loaded) return loaded;
  const folder = findMlas(environment);
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
  const product = new Product(binding, 1);
  tryProduct(product, { shared: false, sizes: [2, 2, 3] });
  let seesShared = true;
  try {
    tryProduct(product, { shared: true, sizes: [2, 2, 3] });
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
