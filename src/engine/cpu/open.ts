import type { Choice } from '../description.ts';
import type { Engine } from '../engine.ts';
import { fasterThan } from '../faster.ts';
import { engineOf } from '../of-backend.ts';
import { plainOps } from '../ops/plain.ts';
import { tf } from '../tf.ts';

/** TF.js in plain JavaScript: the reference. */
export async function openCpu(choice: Choice): Promise<Engine> {
  const backend = tf.findBackend('cpu') as unknown as { firstUse: boolean };
  // Keeps TF.js from printing its advice to install tfjs-node: this engine is slow on purpose.
  backend.firstUse = false;
  return engineOf({
    backend: 'cpu',
    ops: plainOps,
    facts: {
      name: 'cpu',
      summary: `cpu: TF.js ${tf.version_core} in plain JavaScript, 1 thread (the reference; very slow)`,
      threads: 1,
      ...choice,
      faster: await fasterThan('cpu'),
    },
  });
}
