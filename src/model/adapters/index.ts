export {
  adapterWords,
  type Adapter,
  type AdapterFolder,
  type AdapterOptions,
  type LoraOptions,
  type PrefixOptions,
} from './options.ts';
export { planAdapter, type AdapterPlan } from './plan.ts';
export { adaptedConfig, adaptedParameters } from './parameters.ts';
export { ADAPTER_CONFIG } from './peft-read.ts';
export { adapterFiles } from './peft-write.ts';
export { assertMergeable, merged } from './merge.ts';
