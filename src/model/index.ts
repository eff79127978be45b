export { readConfig, parseConfig, supportedFamilies, type LlamaConfig, type RopeScaling } from './config.ts';
export { ParameterStore, type Parameter, type ParameterInfo, type Role, type Weights } from './parameters.ts';
export { DeviceBatch, type TokenBatch } from './batch.ts';
export { Llama, llamaParameters } from './llama.ts';
export { lossAndGradients, lossOf, mean, type LossAndGradients } from './gradients.ts';
export { CachedForward, type CachedForwardOptions } from './cached.ts';
export { generate, type GenerateOptions } from './generate.ts';
export { assertFinite, loadModel } from './load.ts';
export { saveWeights } from './save.ts';
