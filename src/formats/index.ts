export { SafetensorsFile, type StoredTensor } from './safetensors.ts';
export { writeSafetensors, type TensorToWrite } from './safetensors-write.ts';
export { WeightFiles } from './weights.ts';
export { writeFolder } from './atomic.ts';
