import { join } from 'node:path';
import { enginesFolder } from '../../install/place.ts';

/**
 * onnxruntime's product (MLAS) comes from this package. It is reached through the package's own binding, which is no public
 * interface: so one version, the one that was tried.
 */
export const ONNXRUNTIME = { name: 'onnxruntime-node', version: '1.30.0' };

/** Folder of the package as hi-zfo installs it. */
export function fastFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(
    enginesFolder(environment),
    `fast-onnxruntime-${ONNXRUNTIME.version}-${process.platform}-${process.arch}`,
  );
}
