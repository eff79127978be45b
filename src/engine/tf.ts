import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';

/**
 * TF.js, loaded once. Everything in hi-zfo takes it from here: its Node build is CommonJS, so `require` gives the very
 * copy that the backends (and the user's own `import * as tf from '@tensorflow/tfjs'`) register with.
 */
export const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as typeof TensorFlow;
