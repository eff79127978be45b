import fc from 'fast-check';

/** Values that readers stumble over. */
export const odd = fc.constantFrom<unknown>(
  null,
  true,
  '',
  'x',
  '__proto__',
  'toString',
  '\u0000',
  '(a+)+$',
  '\\p{L}+|[',
  0,
  -1,
  1,
  1.5,
  7,
  255,
  2 ** 31,
  2 ** 32,
  2 ** 40,
  2 ** 53,
  1e300,
  [],
  {},
  [0, 0],
  [[['a']]],
  { type: 'Sequence' },
  { type: 'FixedLength', length: 0 },
);

/** One change of bytes: a flip, a cut, an insertion, a copy, a 64-bit number. */
export const byteEdit = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat', 'number'),
  /** Share of the length. Often near the start, where headers are. */
  where: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 0.02, noNaN: true })),
  value: fc.nat(255),
  length: fc.integer({ min: 1, max: 40 }),
  big: fc.constantFrom(
    0n,
    1n,
    255n,
    1n << 20n,
    1n << 31n,
    1n << 32n,
    1n << 53n,
    (1n << 63n) - 1n,
    (1n << 64n) - 1n,
  ),
});
export type ByteEdit = typeof byteEdit extends fc.Arbitrary<infer T> ? T : never;

export function editBytes(bytes: Buffer, edits: readonly ByteEdit[]): Buffer {
  let out = Buffer.from(bytes);
  for (const { kind, where, value, length, big } of edits) {
    if (out.length === 0) return out;
    const at = Math.min(out.length - 1, Math.floor(where * out.length));
    if (kind === 'flip') out[at] = out[at]! ^ (value || 1);
    else if (kind === 'cut') out = out.subarray(0, at);
    else if (kind === 'insert')
      out = Buffer.concat([out.subarray(0, at), Buffer.alloc(length, value), out.subarray(at)]);
    else if (kind === 'repeat') out = Buffer.concat([out.subarray(0, at + length), out.subarray(at)]);
    else if (at + 8 <= out.length) out.writeBigUInt64LE(big, at);
  }
  return out;
}

/** One change of a JSON value: another value, nothing, or twice, at a place that `steps` picks from the top down. */
export const jsonEdit = fc.record({
  kind: fc.constantFrom('set', 'remove', 'add'),
  steps: fc.array(fc.nat(1000), { minLength: 1, maxLength: 7 }),
  value: odd,
  key: fc.constantFrom(
    'type',
    'id',
    'content',
    'dtype',
    'shape',
    'data_offsets',
    '__proto__',
    'constructor',
    'a',
  ),
});
export type JsonEdit = typeof jsonEdit extends fc.Arbitrary<infer T> ? T : never;

/** Changes a parsed JSON value in place. */
export function editJson(root: object, edits: readonly JsonEdit[]): void {
  for (const { kind, steps, value, key } of edits) {
    let at = root as Record<string, unknown>;
    for (const [i, step] of steps.entries()) {
      const keys = Object.keys(at);
      if (keys.length === 0) break;
      const name = keys[step % keys.length]!;
      const next = at[name];
      if (i < steps.length - 1 && typeof next === 'object' && next !== null) {
        at = next as Record<string, unknown>;
        continue;
      }
      // defined, not assigned: `__proto__` is a key like any other in a file
      if (kind === 'remove') Reflect.deleteProperty(at, name);
      else if (kind === 'set')
        Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
      else
        Object.defineProperty(at, Array.isArray(at) ? at.length : key, {
          value,
          enumerable: true,
          configurable: true,
          writable: true,
        });
      break;
    }
  }
}
