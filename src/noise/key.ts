import { ConfigError } from '../errors.ts';

/** Law of a ZO direction u. All have mean 0 and E[u u^T] = I. */
export type Distribution = 'gaussian' | 'rademacher';

/** Identifies one direction tensor: equal keys give equal values on every engine. All words are uint32. */
export interface NoiseKey {
  /** Seed of the run. */
  seed: number;
  /** Training step or draw. */
  step: number;
  /** Index of the query within the step. */
  query: number;
  /** Stable id of the tensor, by `tensorId`. */
  tensor: number;
}

/** Throws a {@link ConfigError} unless every word of the key is a uint32. */
export function checkKey(key: NoiseKey): void {
  for (const word of ['seed', 'step', 'query', 'tensor'] as const) checkWord(word, key[word]);
}

/** Throws a {@link ConfigError} unless `value` is an integer from 0 to 2^32 - 1. */
export function checkWord(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
    throw new ConfigError(`${name} of a noise key must be an integer from 0 to 4294967295, got ${value}.`);
}

/**
 * Stable 32-bit id of a tensor's name: FNV-1a over its UTF-8 bytes, then the finaliser of MurmurHash3, which spreads
 * names that differ only in their last letter.
 */
export function tensorId(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
