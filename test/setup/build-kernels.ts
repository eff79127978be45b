import { buildKernels } from '../../scripts/build-kernels.mjs';

/** Vitest global set-up: builds the wasm kernels if they are missing or older than their sources. */
export default async function setup(): Promise<void> {
  await buildKernels({ ifStale: true });
}
