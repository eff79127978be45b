export { SafetensorsFile, type StoredTensor } from './safetensors.ts';
export { writeSafetensors, type TensorToWrite } from './safetensors-write.ts';
export { writeWeights, type ShardOptions } from './shards.ts';
export { WeightFiles } from './weights.ts';
export { writeFolder } from './atomic.ts';
export { isWeightDtype, type WeightDtype } from './dtype.ts';
export { isObject, readJson, type Json } from './json.ts';
export type { ModelSource, TokenizerFiles } from './source.ts';
export { isGguf, openCompanions, openSource, openTokenizer } from './open.ts';
