export { open, type OpenOptions } from './open.ts';
export { OwnSession } from './own/session.ts';
export type { OwnOpenOptions } from './own/open.ts';
export type { OwnEvaluateOptions } from './own/evaluate.ts';
export type { Batches, Data } from './own/source.ts';
export { tinyModel } from './tiny.ts';
export { Session } from './session.ts';
export type { SessionConfig } from './config.ts';
export type { SessionVarianceOptions } from './variance.ts';
export { assertSavable, type SaveOptions } from './checkpoint/index.ts';
export type { AutosaveOptions } from './autosave.ts';
export type { RunOptions } from './run.ts';
export type { History } from './views.ts';
export { Result, type View } from './result.ts';
export { type SessionEvents } from './events.ts';
export { type EvaluateOptions } from './evaluate.ts';
export type {
  LandscapeOptions,
  SessionSharpnessOptions,
  SessionSweepOptions,
  SharpnessFindings,
} from './laboratory.ts';
