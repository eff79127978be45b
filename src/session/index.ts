export { open, tinyModel, type OpenOptions } from './open.ts';
export { Session } from './session.ts';
export type { SessionConfig } from './config.ts';
export type { SessionVarianceOptions } from './variance.ts';
export type { RunOptions } from './run.ts';
export type { History } from './views.ts';
export { Result, type View } from './result.ts';
export { type SessionEvents } from './events.ts';
export { type EvaluateOptions } from './evaluate.ts';
