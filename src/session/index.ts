export { open, tinyModel, type OpenOptions } from './open.ts';
export { Session, type SessionConfig, type SessionVarianceOptions } from './session.ts';
export type { RunOptions } from './run.ts';
export type { History } from './views.ts';
export { Result, type View } from './result.ts';
export { type SessionEvents } from './events.ts';
export { type EvaluateOptions } from './evaluate.ts';
