import { ConfigError } from '../../errors.ts';

/** Steps from a state's key to one of its binary leaves. */
export type Path = (string | number)[];

/** A state as the widget protocol carries it: plain JSON, with its binary leaves beside it. */
export interface Split {
  state: Record<string, unknown>;
  paths: Path[];
  buffers: Uint8Array[];
}

/** Levels of nesting that a state may have. */
export const DEEPEST = 64;

export function isBinary(value: unknown): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/** The bytes of a binary value, not copied. */
export function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBinary(value);
}

/** Whether a value is nested more than `DEEPEST` levels, or in itself. */
export function isTooDeep(value: unknown, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null || isBinary(value)) return false;
  return levels === 0 || Object.values(value).some((inner) => isTooDeep(inner, levels - 1));
}

/**
 * Takes the binary leaves out of a state: in an array null takes their place, in an object the key is left out.
 *
 * @throws ConfigError when the state is nested too deep, or holds what JSON cannot carry
 */
export function split(state: Readonly<Record<string, unknown>>): Split {
  const paths: Path[] = [];
  const buffers: Uint8Array[] = [];
  const take = (value: unknown, path: Path): boolean => {
    if (!isBinary(value)) return false;
    paths.push(path);
    buffers.push(bytesOf(value));
    return true;
  };
  const walk = (value: unknown, path: Path): unknown => {
    if (path.length > DEEPEST)
      throw new ConfigError(
        `The widget's state under ${path[0]} is nested more than ${DEEPEST} levels, or contains itself.`,
      );
    if (typeof value === 'bigint')
      throw new ConfigError(
        `The widget's state holds a bigint at ${path.join('.')}, which JSON cannot carry: make it a number or text.`,
      );
    if (Array.isArray(value)) {
      return value.map((item, i) => (take(item, [...path, i]) ? null : walk(item, [...path, i])));
    }
    if (!isRecord(value) || value instanceof Date) return value;
    const entries = Object.entries(value).flatMap(([key, inner]) =>
      take(inner, [...path, key]) ? [] : [[key, walk(inner, [...path, key])] as const],
    );
    return Object.fromEntries(entries);
  };
  return { state: walk(state, []) as Record<string, unknown>, paths, buffers };
}

/** The place inside `state` that a path leads to, if every step on the way is there. */
function placeOf(state: Record<string, unknown>, path: unknown): [object, string | number] | undefined {
  if (!Array.isArray(path) || path.length === 0 || path.length > DEEPEST) return undefined;
  let at: unknown = state;
  for (const [i, step] of (path as unknown[]).entries()) {
    const last = i === path.length - 1;
    if (Array.isArray(at)) {
      if (!Number.isInteger(step) || !Object.hasOwn(at, step as number)) return undefined;
    } else {
      if (!isRecord(at) || typeof step !== 'string' || step === '__proto__') return undefined;
      if (!last && !Object.hasOwn(at, step)) return undefined;
    }
    if (last) return [at, step as string | number];
    at = (at as Record<string | number, unknown>)[step as string | number];
  }
  return undefined;
}

/** Puts binary leaves back into a state that came from a page. Says what is wrong, or nothing; then nothing has changed. */
export function join(
  state: Record<string, unknown>,
  paths: unknown,
  buffers: readonly Uint8Array[],
): string | undefined {
  if (paths === undefined) return undefined;
  if (!Array.isArray(paths)) return 'buffer_paths is not a list';
  if (paths.length > buffers.length) return `${paths.length} buffer_paths for ${buffers.length} buffers`;
  const places = paths.map((path) => placeOf(state, path));
  if (places.includes(undefined)) return 'a buffer path leads out of the state';
  places.forEach((place, i) => {
    const [object, key] = place!;
    (object as Record<string | number, unknown>)[key] = buffers[i]!;
  });
  return undefined;
}
