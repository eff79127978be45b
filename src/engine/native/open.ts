import { availableParallelism } from 'node:os';
import type { Choice } from '../description.ts';
import type { Engine } from '../engine.ts';
import { fasterThan } from '../faster.ts';
import { notServing } from '../not-serving.ts';
import { findNvidia } from '../nvidia.ts';
import { engineOf } from '../of-backend.ts';
import { headLossBy } from '../ops/head-loss.ts';
import { noiseOps } from '../ops/noise.ts';
import { plainOps } from '../ops/plain.ts';
import { tf } from '../tf.ts';
import { hostCrossEntropy } from '../wasm/host-cross-entropy.ts';
import { hostNoise } from '../wasm/host-noise.ts';
import { loadNative } from './load.ts';
import { packageOf, type NativeName } from './recipe.ts';

/** TensorFlow's own library, through tfjs-node or tfjs-node-gpu. */
export async function openNative(name: NativeName, choice: Choice): Promise<Engine> {
  const wanted = packageOf(name);
  const needs = name === 'gpu' ? `${wanted} and an NVIDIA card with its driver` : wanted;
  const refuse = async (cause: unknown): Promise<never> => {
    const inVain = name === 'gpu' && !(await findNvidia());
    throw notServing(name, needs, inVain ? new Error('there is no NVIDIA card here') : cause, !inVain);
  };
  const loaded = await loadNative(wanted).catch(refuse);
  if (name === 'gpu' && !loaded.usesGpu) await refuse(new Error(noCard(loaded.package)));
  return engineOf({
    backend: 'tensorflow',
    ops: { ...plainOps, ...noiseOps(hostNoise()), headLoss: headLossBy(hostCrossEntropy()) },
    facts: {
      name,
      summary: `${name}: TF.js ${tf.version_core} on ${loaded.package} ${loaded.version}, plain operations; noise and cross-entropy on wasm`,
      threads: availableParallelism(),
      ...choice,
      faster: await fasterThan(name, choice),
    },
  });
}

const noCard = (loaded: string) =>
  loaded === packageOf('gpu')
    ? 'it finds no card that it can use (npx hi-zfo engine doctor looks at the driver)'
    : `this process runs on ${loaded} already and holds one TensorFlow; open gpu in a new one`;
