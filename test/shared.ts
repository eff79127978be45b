import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of large reference values beside the checkout; a test that needs it skips without it. */
export const shared = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'shared');

/** Path below ../shared, or undefined when it is not there. */
export function sharedPath(...parts: string[]): string | undefined {
  const path = join(shared, ...parts);
  return existsSync(path) ? path : undefined;
}
