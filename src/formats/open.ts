import { extname } from 'node:path';
import { FolderSource, readCompanions, readTokenizerFiles } from './folder.ts';
import { GgufSource } from './gguf/source.ts';
import type { ModelSource, TokenizerFiles } from './source.ts';

/** Opens a Hugging Face folder or a .gguf file. Throws FormatError when it cannot be read as what its name says. */
export function openSource(path: string): Promise<ModelSource> {
  return isGguf(path) ? GgufSource.open(path) : FolderSource.open(path);
}

/** Only the tokenizer of a folder (which need not hold weights) or a .gguf file. */
export async function openTokenizer(path: string): Promise<TokenizerFiles> {
  if (!isGguf(path)) return readTokenizerFiles(path);
  const source = await GgufSource.open(path);
  try {
    return await source.tokenizer();
  } finally {
    await source.close();
  }
}

/** The small files that go beside saved weights (config.json, tokenizer.json, ...), by name. */
export async function openCompanions(path: string): Promise<ReadonlyMap<string, Uint8Array | string>> {
  if (!isGguf(path)) return readCompanions(path);
  const source = await GgufSource.open(path);
  try {
    return await source.companions();
  } finally {
    await source.close();
  }
}

/** True for a path that is named as a GGUF file. */
export function isGguf(path: string): boolean {
  return extname(path).toLowerCase() === '.gguf';
}
