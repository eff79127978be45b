export * from './engine.ts';
export { openEngine, type EngineOptions } from './open.ts';
export { tf } from './tf.ts';
export { inTurn } from './turn.ts';
export { installNative, uninstallNative, type InstallOptions } from './native/install.ts';
export { probe } from './native/probe.ts';
export { engineFolder, MANIFEST, packageOf, TENSORFLOW, TFJS, type NativeName } from './native/recipe.ts';
