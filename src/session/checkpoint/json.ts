import { CheckpointError } from '../../errors.ts';

/** The four numbers that JSON has no word for. */
const words: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

/** A number as JSON that reads back the same, to the bit. */
export function number(x: number): number | string {
  if (Object.is(x, -0)) return '-0';
  return Number.isFinite(x) ? x : String(x);
}

/** Any data with its numbers written by `number`. */
export function exact(value: unknown): unknown {
  if (typeof value === 'number') return number(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value as unknown[], exact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, exact(v)]));
}

/** A value of a JSON file that is read with suspicion: each reader throws CheckpointError that names the place. */
export class Json {
  constructor(
    readonly value: unknown,
    /** File and path within it, for messages. */
    readonly where: string,
  ) {}

  fail(expected: string): never {
    const found = JSON.stringify(this.value)?.slice(0, 60) ?? 'nothing';
    throw new CheckpointError(
      `${this.where} is ${found}; expected ${expected}. The checkpoint is damaged or was made by other means: take another copy.`,
    );
  }

  at(key: string): Json {
    const { value } = this;
    if (typeof value !== 'object' || value === null) return this.fail('an object');
    const item: unknown = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    return new Json(item, `${this.where}${this.where.includes(': ') ? '.' : ': '}${key}`);
  }

  get isNumber(): boolean {
    const { value } = this;
    return typeof value === 'number' || (typeof value === 'string' && Object.hasOwn(words, value));
  }

  number(): number {
    if (!this.isNumber) return this.fail('a number');
    return typeof this.value === 'number' ? this.value : words[this.value as string]!;
  }

  /** A whole number in [least, most]. */
  whole(least = 0, most = Number.MAX_SAFE_INTEGER): number {
    const { value } = this;
    if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number;
    return this.fail(`a whole number from ${least} to ${most}`);
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.fail('text');
  }

  /** An object as it is; who uses it checks it. */
  object(): object {
    const { value } = this;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value
      : this.fail('an object');
  }

  yes(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('true or false');
  }

  oneOf<T extends string>(names: readonly T[]): T {
    return names.find((name) => name === this.value) ?? this.fail(`one of ${names.join(', ')}`);
  }

  list<T>(read: (item: Json, i: number) => T): T[] {
    if (!Array.isArray(this.value)) return this.fail('a list');
    return this.value.map((item, i) => read(new Json(item, `${this.where}[${i}]`), i));
  }

  /** Values by name. */
  entries<T>(read: (item: Json, name: string) => T): [string, T][] {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return this.fail('an object');
    return Object.keys(value).map((name) => [name, read(this.at(name), name)]);
  }

  optional<T>(read: (item: Json) => T): T | undefined {
    return this.value === null || this.value === undefined ? undefined : read(this);
  }
}
