import { join, resolve } from 'node:path';
import { packageRoot } from '../package-root.ts';

/** Folder of the model that ships with the package. */
export function tinyModel(): string {
  return join(packageRoot(), 'models', 'tiny');
}

/** Folder of a model by the name that `open` takes. */
export function modelFolder(model: string): string {
  return model === 'tiny' ? tinyModel() : resolve(model);
}
