import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Two folders in which every Jupyter of a user, or of one environment, looks. */
export interface Place {
  /** Kernelspecs and front-end extensions. */
  data: string;
  /** Settings. */
  config: string;
  /** Why this place, in words. */
  why: string;
}

/** The user's own folders, by the rules of jupyter_core. */
export function userPlace(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home = homedir(),
): Place {
  const config = env.JUPYTER_CONFIG_DIR ?? join(home, '.jupyter');
  const data = (): string => {
    if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
    if (platform === 'darwin') return join(home, 'Library', 'Jupyter');
    if (platform === 'win32') return env.APPDATA ? join(env.APPDATA, 'jupyter') : join(config, 'data');
    return join(env.XDG_DATA_HOME ? env.XDG_DATA_HOME : join(home, '.local', 'share'), 'jupyter');
  };
  return {
    data: resolve(data()),
    config: resolve(config),
    why: 'your user folders, seen by every Jupyter of yours',
  };
}

/** The folders of one Python environment. */
export function prefixPlace(prefix: string, why = 'seen by the Jupyter of this environment'): Place {
  const at = resolve(prefix);
  return { data: join(at, 'share', 'jupyter'), config: join(at, 'etc', 'jupyter'), why };
}

/** Where to go when nobody says: the Python environment that is active, else the user's own folders. */
export function defaultPlace(env: NodeJS.ProcessEnv = process.env): Place {
  const active = (['VIRTUAL_ENV', 'CONDA_PREFIX'] as const).find((name) => env[name]);
  return active === undefined
    ? userPlace(env)
    : prefixPlace(env[active]!, `the active environment (${active}); --user takes your user folders`);
}
