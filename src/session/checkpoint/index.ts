export type { RunBase } from '../base.ts';
export {
  decoderFiles,
  OWN_BASE,
  OWN_WEIGHTS,
  type ModelFiles,
  type ModelFilesOptions,
} from './model-files.ts';
export { readStart } from './adapter-start.ts';
export { assertSavable, saveRun, type Run, type SaveOptions } from './write.ts';
export { readRun, type SavedRun } from './read.ts';
export { versionsOf } from './about.ts';
export { lostText } from './settings.ts';
