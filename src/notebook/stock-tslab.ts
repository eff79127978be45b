import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MimeBundle } from './kernel-api.ts';

/** The part of tslab's public module that is used. */
interface TslabPublic {
  newDisplay(): { raw(mime: string, content: string): void };
}

export type TslabDisplay = ReturnType<TslabPublic['newDisplay']>;

/** tslab's public module, when this process is a stock tslab kernel that has run a cell. */
export function stockTslab(): TslabPublic | undefined {
  const require = createRequire(join(process.cwd(), 'notebook.js'));
  for (const [file, module] of Object.entries(require.cache)) {
    if (!module || !/[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(file)) continue;
    const { lastWriteDisplayData } = module.exports as { lastWriteDisplayData?: unknown };
    if (typeof lastWriteDisplayData === 'function')
      return require(join(dirname(file), 'public.js')) as TslabPublic;
  }
  return undefined;
}

const PREFERRED = ['text/html', 'image/svg+xml', 'image/png', 'text/markdown', 'text/plain'];

/** tslab sends one mime type a message: the richest one that every front end draws. */
export function richest(data: MimeBundle): [mime: string, content: string] | undefined {
  for (const mime of PREFERRED) {
    const content = data[mime];
    if (typeof content === 'string') return [mime, content];
  }
  return undefined;
}
