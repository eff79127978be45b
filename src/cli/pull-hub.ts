import { ConfigError, FormatError, HiZfoError } from '../errors.ts';

/** Where to pull from. */
export interface Hub {
  /** HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint: string;
  /** HF_TOKEN; sent to the endpoint only. */
  readonly token?: string;
  /** Seconds without a byte after which a server counts as stalled. */
  readonly patience: number;
}

export interface Repository {
  readonly type: 'model' | 'dataset';
  readonly name: string;
  readonly revision: string;
}

/** A file of a repository with what the hub knows of its content. */
export interface RemoteFile {
  readonly path: string;
  readonly size: number;
  /** Of files in large-file storage. */
  readonly sha256?: string;
  /** Git's hash of all others. */
  readonly blob?: string;
}

/** The endpoint cannot be reached at all. */
export class Unreachable extends HiZfoError {
  override name = 'Unreachable';
}

export function hubOf(env: NodeJS.ProcessEnv, patience = 30): Hub {
  const endpoint = (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/.test(endpoint)) {
    throw new ConfigError(`HF_ENDPOINT is ${endpoint}; give an address such as https://huggingface.co.`);
  }
  return { endpoint, token: env.HF_TOKEN || undefined, patience };
}

/** Page of a repository for people. */
export function pageOf(hub: Hub, { type, name }: Repository): string {
  return `${hub.endpoint}/${type === 'dataset' ? 'datasets/' : ''}${name}`;
}

export function addressOf(hub: Hub, repo: Repository, path: string): string {
  const file = path.split('/').map(encodeURIComponent).join('/');
  return `${pageOf(hub, repo)}/resolve/${encodeURIComponent(repo.revision)}/${file}`;
}

/** All files of a repository. Throws HiZfoError when the hub refuses, Unreachable when it does not answer. */
export async function listRepository(hub: Hub, repo: Repository): Promise<RemoteFile[]> {
  const { listFiles, HubApiError } = await import('@huggingface/hub'); // slow to load: only who pulls waits for it
  const files: RemoteFile[] = [];
  try {
    const entries = listFiles({
      repo: { type: repo.type, name: repo.name },
      revision: encodeURIComponent(repo.revision),
      recursive: true,
      hubUrl: hub.endpoint,
      fetch: (address, init) =>
        ask(hub, address as string, { ...init, signal: AbortSignal.timeout(1000 * hub.patience) }),
    });
    for await (const { type, path, size, oid, lfs } of entries) {
      if (type !== 'file') continue;
      const sum = lfs ? { sha256: lfs.oid } : { blob: oid };
      files.push({ path: safePath(path), size: lfs?.size ?? size, ...sum });
    }
  } catch (cause) {
    if (cause instanceof HubApiError) throw refusal(hub, repo, cause.statusCode);
    throw cause;
  }
  return files;
}

/** A request with the token, when it goes to the endpoint. Throws Unreachable when no answer comes. */
export async function ask(hub: Hub, address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (hub.token && new URL(address).origin === new URL(hub.endpoint).origin) {
    headers.set('authorization', `Bearer ${hub.token}`); // fetch drops it where a redirect leaves the origin
  }
  try {
    return await fetch(address, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted) throw stalled(hub, new URL(address).host);
    const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
    throw new Unreachable(`Cannot reach ${hub.endpoint} (${code ?? message}).`, { cause });
  }
}

export function stalled(hub: Hub, host: string): HiZfoError {
  return new HiZfoError(`${host} sent nothing for ${hub.patience} s. Run the same command again to go on.`);
}

/** What an HTTP status of the hub means for a person. */
export function refusal(hub: Hub, repo: Repository, status: number, path?: string): HiZfoError {
  const page = pageOf(hub, repo);
  const what = path === undefined ? `the ${repo.type} ${repo.name}` : `${path} of ${repo.name}`;
  if (status === 404) {
    return new HiZfoError(
      `${hub.endpoint} has no ${what.replace(/^the /, '')} at revision ${repo.revision}. Check the name on ${page}.`,
    );
  }
  if (status === 401 || status === 403) {
    const login = hub.token ? 'The account of HF_TOKEN has no access' : 'Without HF_TOKEN there is no access';
    return new HiZfoError(
      `${hub.endpoint} refuses ${what} (${status}). ${login}: it is gated, private, or its name is wrong. Accept its terms on ${page} and set HF_TOKEN to a token of that account.`,
    );
  }
  return new HiZfoError(`${hub.endpoint} answers ${status} for ${what}. Try again later.`);
}

/** A path below the folder that it will be written to; anything else in a listing is refused. */
export function safePath(path: string): string {
  const parts = path.split('/');
  const odd = parts.some((p) => p === '' || p === '.' || p === '..' || /[\\:\u0000-\u001f]/.test(p));
  if (odd) throw new FormatError(`The hub lists a file named ${JSON.stringify(path)}, which is not written.`);
  return path;
}
