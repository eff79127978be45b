import { threadsInWords, type Choice } from '../../description.ts';
import type { Engine, EngineOptions } from '../../engine.ts';
import { fasterThan } from '../../faster.ts';
import { notServing } from '../../not-serving.ts';
import { tf } from '../../tf.ts';
import { isShared } from '../modules.ts';
import { engineOn } from '../on-workspace.ts';
import { startWasm } from '../start.ts';
import { Workspace } from '../workspace.ts';
import { loadMlas } from './load.ts';
import { Product } from './product.ts';
import { ONNXRUNTIME } from './recipe.ts';
import { tryProduct } from './try-product.ts';

/** By threads: the sessions of a product hold threads of their own. */
const products = new Map<number, Product>();

/** The wasm engine with the product of onnxruntime. */
export async function openFast(
  { fused, relaxed, threads }: Required<EngineOptions>,
  choice: Choice,
): Promise<Engine> {
  const { product, seesShared } = productOn(threads);
  const heap = await startWasm(seesShared);
  if (isShared(heap.backend.wasm.asm.memory) && !seesShared)
    throw refused(new Error('the wasm engine runs in this process already, on memory that Node before 22.23 and 24.9 does not show to it; open fast first')); // prettier-ignore
  const workspace = new Workspace(heap, { relaxed, threads, product });
  const kernels = `${fused ? 'fused' : 'plain'} kernels (${threadsInWords(workspace.threads)}, ${workspace.fma})`;
  return engineOn(workspace, fused, {
    name: 'fast',
    summary: `fast: TF.js ${tf.version_core} on wasm, products by onnxruntime ${ONNXRUNTIME.version} (${threadsInWords(threads)}), ${kernels}`,
    threads,
    ...choice,
    faster: await fasterThan('fast', { ...choice, oneThread: !seesShared }),
  });
}

const refused = (cause: unknown) => notServing('fast', `${ONNXRUNTIME.name} ${ONNXRUNTIME.version}`, cause);

/** The product on so many threads, tried with all of them on memory as the heap's is. @throws EngineError */
function productOn(threads: number): { product: Product; seesShared: boolean } {
  try {
    const { binding, seesShared } = loadMlas();
    let product = products.get(threads);
    if (!product) {
      product = new Product(binding, threads);
      tryProduct(product, { shared: seesShared, sizes: [61, 67, 71] });
      products.set(threads, product);
    }
    return { product, seesShared };
  } catch (cause) {
    throw refused(cause);
  }
}
