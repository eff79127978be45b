import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { FormatError, HiZfoError } from '../errors.ts';
import { makeFolder } from '../formats/index.ts';
import { addressOf, ask, refusal, stalled, type Hub, type RemoteFile, type Repository } from './pull-hub.ts';

/** How often a broken connection is taken up again without a byte gained. */
const TRIES = 3;

/** What became of a file. */
export type Outcome = 'downloaded' | 'resumed' | 'present';

/**
 * Downloads a file to `target`. Bytes are kept in `target.part`, which a later run goes on from; the file gets its name when its size
 * and checksum are those of the hub. Throws FormatError, with the part removed, when they are not. `onBytes` gets the bytes there.
 */
export async function pullFile(
  hub: Hub,
  repo: Repository,
  file: RemoteFile,
  target: string,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Outcome> {
  if ((await sizeOf(target)) === file.size && (await matches(target, file))) return 'present';
  makeFolder(dirname(target));
  const part = `${target}.part`;
  let have = await sizeOf(part);
  if (have > file.size) {
    await rm(part);
    have = 0;
  }
  const resumed = have > 0;
  onBytes(have);
  for (let idle = 0; have < file.size || have === 0;) {
    const before = have;
    try {
      have = await fetchRest(hub, repo, file, part, have, onBytes);
      if (have >= file.size) break;
    } catch (error) {
      if (error instanceof HiZfoError) throw error;
      have = await sizeOf(part); // the connection broke: go on from what came
    }
    idle = have > before ? 0 : idle + 1;
    await setTimeout(200 * idle);
    if (idle === TRIES) {
      throw new HiZfoError(
        `The connection for ${file.path} broke ${TRIES} times after ${have} of ${file.size} bytes. Run the same command again to go on.`,
      );
    }
  }
  if ((await sizeOf(part)) !== file.size || !(await matches(part, file))) {
    await rm(part);
    throw new FormatError(
      `${file.path} did not arrive as the hub has it: size or checksum differ. It was removed; run the same command again.`,
    );
  }
  await rename(part, target);
  return resumed ? 'resumed' : 'downloaded';
}

/** Asks for the bytes from `have` on and appends them to the part. Returns the part's size. */
async function fetchRest(
  hub: Hub,
  repo: Repository,
  file: RemoteFile,
  part: string,
  have: number,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const silence = new AbortController();
  const timer = globalThis.setTimeout(() => silence.abort(), 1000 * hub.patience);
  try {
    const response = await ask(hub, addressOf(hub, repo, file.path), {
      headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
      signal: silence.signal,
    });
    if (response.status === 416) {
      await rm(part, { force: true });
      return 0;
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(hub, repo, response.status, file.path);
    }
    const goesOn =
      response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`);
    let size = goesOn ? have : 0;
    const out = await open(part, goesOn ? 'a' : 'w');
    try {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        timer.refresh();
        await out.writeFile(chunk).catch((cause: Error) => {
          throw new HiZfoError(`Cannot write ${part}: ${cause.message}.`, { cause });
        });
        size += chunk.byteLength;
        onBytes(size);
        if (size > file.size) break; // more than the hub announced: the checksum will not match
      }
      await out.sync();
    } finally {
      await out.close();
    }
    return size;
  } catch (error) {
    if (silence.signal.aborted) throw stalled(hub, new URL(hub.endpoint).host);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** True when the file's content has the hub's checksum: SHA-256, or git's SHA-1 of a blob. */
async function matches(path: string, { size, sha256, blob }: RemoteFile): Promise<boolean> {
  const want = sha256 ?? blob;
  if (want === undefined) return true;
  const hash = createHash(sha256 === undefined ? 'sha1' : 'sha256');
  if (sha256 === undefined) hash.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex') === want;
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (s) => s.size,
    () => 0,
  );
}
