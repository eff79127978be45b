import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../errors.ts';

/** Name of the file that a sealed folder gets last. */
export const MANIFEST = 'manifest.json';

/** Size and hash of a file. */
export interface FileSeal {
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
}

/** Every other file of a folder, by name. */
export type Manifest = Readonly<Record<string, FileSeal>>;

const VERSION = 1;

export function manifestText(files: Manifest): string {
  return JSON.stringify({ manifest: VERSION, files }, null, 2) + '\n';
}

/**
 * Checks a folder against its manifest: every file there, whole and unchanged. Files that the manifest does not name are
 * nobody's business. Throws CheckpointError that names the file.
 */
export async function verifyFolder(dir: string): Promise<Manifest> {
  const path = join(dir, MANIFEST);
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const what = cause.code === 'ENOENT' ? 'there is none' : cause.message;
    throw new CheckpointError(
      `Cannot read ${path}: ${what}. The folder is no finished checkpoint; give one that save() wrote.`,
      { cause },
    );
  });
  const files = parse(text, path);
  for (const [name, seal] of Object.entries(files)) {
    const found = await sealOf(join(dir, name)).catch((cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'ENOENT' ? 'is missing' : `cannot be read (${cause.message})`;
      throw new CheckpointError(`${join(dir, name)} ${what}. ${advice}`, { cause });
    });
    if (found.bytes !== seal.bytes) {
      throw new CheckpointError(
        `${join(dir, name)} has ${found.bytes} bytes, its manifest says ${seal.bytes}. ${advice}`,
      );
    }
    if (found.sha256 !== seal.sha256) {
      throw new CheckpointError(
        `${join(dir, name)} has the SHA-256 ${found.sha256.slice(0, 12)}..., its manifest says ${seal.sha256.slice(0, 12)}.... ${advice}`,
      );
    }
  }
  return files;
}

const advice =
  'The checkpoint was changed or damaged: take another copy, or open the folder as a model if its weights are sound.';

/** Size and hash of a file as it lies there. */
export async function sealOf(path: string): Promise<FileSeal> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { bytes: size, sha256: hash.digest('hex') };
}

function parse(text: string, path: string): Manifest {
  const fail = (what: string, cause?: unknown): never => {
    throw new CheckpointError(`${path} ${what}. ${advice}`, { cause });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return fail(`is not JSON (${(cause as Error).message})`, cause);
  }
  const { manifest, files } = (json ?? {}) as { manifest?: unknown; files?: unknown };
  if (manifest !== VERSION) return fail(`has the version ${JSON.stringify(manifest)}, this reads ${VERSION}`);
  if (typeof files !== 'object' || files === null || Array.isArray(files)) return fail('lists no files');
  for (const [name, seal] of Object.entries(files as Record<string, Partial<FileSeal> | null>)) {
    const fits =
      /^[\w.-]+$/.test(name) &&
      !/^\.+$/.test(name) &&
      Number.isSafeInteger(seal?.bytes) &&
      typeof seal?.sha256 === 'string';
    if (!fits) return fail(`has a broken entry ${JSON.stringify(name)}`);
  }
  return files as Manifest;
}
