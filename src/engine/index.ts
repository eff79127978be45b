export * from './engine.ts';
export { openEngine } from './open.ts';
export { keptTensors } from './kept-tensors.ts';
export { tf } from './tf.ts';
export { threadCount } from './thread-count.ts';
export { findNvidia } from './nvidia.ts';
export { inTurn } from './turn.ts';
export {
  folderOf,
  installable,
  installCommand,
  isInstalled,
  uninstallEngine,
  type Installable,
} from './installed.ts';
export { reasonOf } from './not-serving.ts';
export { installNative, type InstallOptions } from './native/install.ts';
export { probe } from './native/probe.ts';
export { packageOf, TENSORFLOW, TFJS, type NativeName } from './native/recipe.ts';
export { NO_CARD } from './webgpu/load.ts';
export { installWebgpu } from './webgpu/install.ts';
export { installFast } from './wasm/mlas/install.ts';
export { findMlas, loadMlas } from './wasm/mlas/load.ts';
export { ONNXRUNTIME } from './wasm/mlas/recipe.ts';
