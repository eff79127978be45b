export type { DecoderConfig, ModuleNames, Positions } from './config.ts';
export { readConfig, parseConfig, supportedFamilies } from './read-config.ts';
export type { RopeScaling } from './rope.ts';
export * from './adapters/index.ts';
export {
  ParameterStore,
  type BaseLabel,
  type Parameter,
  type OwnRole,
  type ParameterInfo,
  type Role,
  type Weights,
} from './parameters.ts';
export { DeviceBatch, type TokenBatch } from './batch.ts';
export { cutRows, inPieces, noRows } from './micro-batches.ts';
export { Decoder, type Pass } from './decoder.ts';
export type { PassOptions, Prepared, Trainable } from './trainable.ts';
export type { CostUnit, MeasuredCosts, TensorCost } from './tensor-cost.ts';
export { ownModel, OwnDefinition, type OwnModelOptions, type XY } from './own/definition.ts';
export { layersModel, type LayersBatch, type LayersModelOptions } from './own/layers-model.ts';
export { OwnModel } from './own/own-model.ts';
export { OwnBatch, tensorsIn, type BatchMaker } from './own/batch.ts';
export { decoderParameters } from './tensors.ts';
export { layerFloats, tapeFloats } from './activations.ts';
export {
  addShare,
  lossAndGradients,
  lossOf,
  mean,
  type LossAndGradients,
  type LossAndGradientsOptions,
} from './gradients.ts';
export { noBlocks } from './backward.ts';
export { CachedForward, type CachedForwardOptions } from './cached.ts';
export { PackedBatch } from './packed.ts';
export { hiddenBefore, lossFrom } from './segments.ts';
export { generate, type GenerateOptions } from './generate.ts';
export { decoding, type DecodingOptions } from './generate-options.ts';
export { cutAtStop, type StopStrings } from './generate-stop.ts';
export { loadModel, type LoadOptions, type LoadProgress } from './load.ts';
export { assertFinite, openWeights, StoredWeights } from './stored-weights.ts';
export { configToWrite, weightsToWrite, type SaveDtype } from './save.ts';
