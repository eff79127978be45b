import type { Choice } from '../description.ts';
import type { Engine } from '../engine.ts';
import { fasterThan } from '../faster.ts';
import { notServing } from '../not-serving.ts';
import { engineOf } from '../of-backend.ts';
import { tf } from '../tf.ts';
import { loadWebgpu, NO_CARD } from './load.ts';
import { webgpuOps } from './ops.ts';

/** Any card with a Vulkan, Metal or Direct3D 12 driver, through Dawn. */
export async function openWebgpu(choice: Choice): Promise<Engine> {
  const card = await loadWebgpu().catch((cause: unknown) => {
    const hasCard = !(cause as Error).message.startsWith(NO_CARD);
    throw notServing('webgpu', 'Dawn, and a graphics card with its driver', cause, hasCard);
  });
  return engineOf({
    backend: 'webgpu',
    ops: webgpuOps,
    facts: {
      name: 'webgpu',
      summary: `webgpu (experimental): TF.js ${tf.version_core} on ${card.description}`,
      threads: 1,
      ...choice,
      faster: await fasterThan('webgpu', { software: card.software }),
    },
  });
}
