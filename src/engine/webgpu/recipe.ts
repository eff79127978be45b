import { join } from 'node:path';
import { enginesFolder } from '../install/place.ts';
import { TFJS } from '../native/recipe.ts';

/** Google's Dawn for Node: WebGPU on Vulkan, Metal or Direct3D 12, prebuilt for the usual platforms. */
export const DAWN = { name: 'webgpu', version: '0.6.2' };
export const BACKEND = { name: '@tensorflow/tfjs-backend-webgpu', version: TFJS };

/** Folder of the installed engine. */
export function webgpuFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(
    enginesFolder(environment),
    `webgpu-tfjs-${TFJS}-dawn-${DAWN.version}-${process.platform}-${process.arch}`,
  );
}
