export * from './engine.ts';
export { openEngine, type EngineOptions } from './open.ts';
export { tf } from './tf.ts';
