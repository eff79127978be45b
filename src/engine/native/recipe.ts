import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { enginesFolder } from '../install/place.ts';

/** The two packages that bring TensorFlow to TF.js. */
export type NativePackage = '@tensorflow/tfjs-node' | '@tensorflow/tfjs-node-gpu';

export type NativeName = 'native' | 'gpu';

/** TF.js of this package and of the addon: they share one tensor engine, so they have to be the same. */
export const TFJS = '4.22.0';
/** The newest TensorFlow whose library passed gradients, noise and leak tests under this addon. */
export const TENSORFLOW = '2.20.0';

/** A wheel of PyPI that holds the library. */
export interface Wheel {
  project: string;
  sha256: string;
  megabytes: number;
}

const wheels: Record<NativeName, Partial<Record<NodeJS.Architecture, Wheel>>> = {
  native: {
    x64: {
      project: 'tensorflow-cpu',
      sha256: 'cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780',
      megabytes: 259,
    },
    arm64: {
      project: 'tensorflow',
      sha256: '3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5',
      megabytes: 259,
    },
  },
  gpu: {
    x64: {
      project: 'tensorflow',
      sha256: '481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e',
      megabytes: 621,
    },
  },
};

export const packageOf = (name: NativeName): NativePackage =>
  name === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';

/** The wheel for this machine. @throws EngineError where PyPI has none */
export function wheelFor(name: NativeName, platform = process.platform, arch = process.arch): Wheel {
  const wheel = platform === 'linux' ? wheels[name][arch] : undefined;
  if (wheel) return wheel;
  throw new EngineError(
    `There is no recipe for the ${name} engine on ${platform} ${arch}: it takes TensorFlow's library from a Linux wheel ` +
      `(x64${name === 'native' ? ' or arm64' : ''}). Try \`npm i ${packageOf(name)}@${TFJS}\`, which brings its own, or use the wasm engine.`,
  );
}

/** Folder of one installed engine. */
export function engineFolder(name: NativeName, environment: NodeJS.ProcessEnv = process.env): string {
  return join(enginesFolder(environment), `${name}-tfjs-${TFJS}-tensorflow-${TENSORFLOW}-${process.arch}`);
}

/** Checks a downloaded wheel. @throws EngineError when it is not the one that was tried */
export async function verify(file: string, { sha256 }: Wheel): Promise<void> {
  const hash = createHash('sha256');
  if (!existsSync(file)) throw new EngineError(`There is no file ${file}.`);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new EngineError(
    `${file} has sha256 ${found}, expected ${sha256}: not the wheel that was tried, or a torn download. It is not used.`,
  );
}
