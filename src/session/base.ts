import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { sealOf, type FileSeal } from '../formats/index.ts';
import { openWeights, type Decoder, type StoredWeights } from '../model/index.ts';
import type { BaseWeights } from '../train/index.ts';

/** The weights that a run started from. */
export interface RunBase {
  /** By what they are known again. */
  seals(): Promise<BaseSeals>;
  /** Opens them. Throws CheckpointError when they are no longer those that the run started from. */
  open(): Promise<BaseWeights>;
}

/** Where the weights before step 0 are, and by which seals they are known again. */
export interface BaseSeals {
  dir: string;
  files: Readonly<Record<string, FileSeal>>;
}

/**
 * The folder that a run started from. Its weights are not kept in memory but read again when the run goes back, so it must
 * not have changed: within the session sizes and times tell, in a resumed one hashes do.
 */
export class Base implements RunBase {
  #seals: BaseSeals | undefined;
  /** Sizes and times when the weights were last known to be right. */
  #seen: string | undefined;

  private constructor(readonly dir: string) {}

  /** The base of a run that is opened now. */
  static async at(dir: string): Promise<Base> {
    const base = new Base(dir);
    base.#seen = await glance(dir);
    return base;
  }

  /** The base of a run that is resumed. */
  static known(seals: BaseSeals): Base {
    const base = new Base(seals.dir);
    base.#seals = seals;
    return base;
  }

  /** Hashes of the weight files. Throws CheckpointError when they have changed since the run was opened. */
  async seals(): Promise<BaseSeals> {
    if (!this.#seals) {
      await this.#check();
      const names = await weightFiles(this.dir);
      const seals = names.map(async (name) => [name, await sealOf(join(folderOf(this.dir), name))] as const);
      this.#seals = { dir: this.dir, files: Object.fromEntries(await Promise.all(seals)) };
    }
    return this.#seals;
  }

  /** Opens the weights. Throws CheckpointError when they are not those that the run started from. */
  async open(): Promise<StoredWeights> {
    await this.#check();
    return openWeights(this.dir);
  }

  async #check(): Promise<void> {
    if (this.#seen === undefined) {
      const { files } = await this.seals();
      for (const [name, seal] of Object.entries(files)) {
        const found = await sealOf(join(folderOf(this.dir), name)).catch(() => undefined);
        if (found?.sha256 !== seal.sha256)
          throw changed(this.dir, found ? `${name} has changed` : `${name} is missing`);
      }
      this.#seen = await glance(this.dir);
    } else if ((await glance(this.dir).catch(() => '')) !== this.#seen) {
      throw changed(this.dir, 'its files have changed');
    }
  }
}

/** The base of a model with an adapter, which began with values that no folder has. */
export function withAdapter(base: RunBase, { adapterStart }: Decoder): RunBase {
  return {
    seals: () => base.seals(),
    async open() {
      const weights = await base.open();
      return {
        read: (p) => Promise.resolve(adapterStart.get(p) ?? weights.read(p)),
        close: () => weights.close(),
      };
    },
  };
}

function changed(dir: string, what: string): CheckpointError {
  return new CheckpointError(
    `${dir}, where this run started, no longer holds the same weights: ${what}. Going back needs them; put them back.`,
  );
}

/** The weights may be one file beside others. */
function folderOf(dir: string): string {
  return /\.(safetensors|gguf)$/.test(dir) ? dirname(dir) : dir;
}

async function weightFiles(dir: string): Promise<string[]> {
  if (folderOf(dir) !== dir) return [basename(dir)];
  return (await readdir(dir)).filter((name) => /^model.*\.safetensors(\.index\.json)?$/.test(name)).sort();
}

/** Names, sizes and times of the weight files. */
async function glance(dir: string): Promise<string> {
  const names = await weightFiles(dir);
  const stats = await Promise.all(names.map((name) => stat(join(folderOf(dir), name))));
  return JSON.stringify(names.map((name, i) => [name, stats[i]!.size, stats[i]!.mtimeMs]));
}
