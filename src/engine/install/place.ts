import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** File whose presence says that an installed engine is whole. */
export const MANIFEST = 'hi-zfo-engine.json';

/** Where engines that hi-zfo installs lie: `HI_ZFO_CACHE`, or the user's cache folder. */
export function enginesFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const own = environment.HI_ZFO_CACHE;
  if (own) return resolve(own, 'engines');
  const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return resolve(cache, 'hi-zfo', 'engines');
}
