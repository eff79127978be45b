import { ConfigError, FormatError } from '../errors.ts';

/** No size in a config.json is larger: beyond it a file is damaged, or made to exhaust memory. */
const LARGEST = 10_000_000;

/** Reads the fields of a config.json one by one and says which is wrong. */
export class Fields {
  readonly #raw: Record<string, unknown>;

  constructor(
    raw: unknown,
    /** Named in errors. */
    readonly path: string,
  ) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      throw new FormatError(`${path} holds ${JSON.stringify(raw)?.slice(0, 40)}, expected an object.`);
    }
    this.#raw = raw as Record<string, unknown>;
  }

  /** The value as it is; a missing one and null are undefined. */
  raw(name: string): unknown {
    return (Object.hasOwn(this.#raw, name) ? this.#raw[name] : undefined) ?? undefined;
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined;
  }

  /** True when the file says null, which is not the same as saying nothing. */
  isNull(name: string): boolean {
    return Object.hasOwn(this.#raw, name) && this.#raw[name] === null;
  }

  /** A whole number from `least` to `most`. */
  count(name: string, fallback?: number, { least = 1, most = LARGEST } = {}): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.#wrong(name, value, `a whole number from ${least} to ${most}`);
  }

  positive(name: string, fallback?: number): number {
    const value = this.raw(name) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    return this.#wrong(name, value, 'a positive number');
  }

  /** A positive number, or undefined when it is missing or null. */
  optional(name: string): number | undefined {
    return this.has(name) ? this.positive(name) : undefined;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'boolean' ? value : this.#wrong(name, value, 'true or false');
  }

  text(name: string, fallback?: string): string {
    const value = this.raw(name) ?? fallback;
    return typeof value === 'string' ? value : this.#wrong(name, value, 'a text');
  }

  /** `length` positive numbers. */
  list(name: string, length: number): number[] {
    const value = this.raw(name);
    const good = (x: unknown) => typeof x === 'number' && Number.isFinite(x) && x > 0;
    if (Array.isArray(value) && value.length === length && value.every(good)) return value as number[];
    return this.#wrong(name, value, `a list of ${length} positive numbers`);
  }

  /** An object of its own, empty when missing. */
  object(name: string): Fields {
    return new Fields(this.raw(name) ?? {}, `${this.path}, ${name}`);
  }

  /** The first of `names` that is there. */
  first(names: readonly string[]): string | undefined {
    return names.find((name) => this.has(name));
  }

  /** Looks a name up in a table of what is supported. */
  choice<T>(name: string, table: Record<string, T>, fallback: string): T {
    const value = this.text(name, fallback);
    if (Object.hasOwn(table, value)) return table[value]!;
    return this.unsupported(name, `Supported: ${Object.keys(table).join(', ')}.`);
  }

  /** Throws ConfigError unless the field is missing or one of `fine`. */
  only(name: string, ...fine: readonly unknown[]): void {
    const value = this.raw(name);
    if (value === undefined || fine.includes(value)) return;
    this.unsupported(name, `Supported: ${fine.map((x) => JSON.stringify(x)).join(', ')} or none.`);
  }

  /** Throws ConfigError about a field that is well formed, but asks for something that is not there. */
  unsupported(name: string, instead: string): never {
    const value = JSON.stringify(this.raw(name))?.slice(0, 120);
    throw new ConfigError(`${this.path}: ${name} is ${value}, which is not supported. ${instead}`);
  }

  #wrong(name: string, value: unknown, expected: string): never {
    throw new FormatError(
      `${this.path}: ${name} is ${JSON.stringify(value)?.slice(0, 120)}, expected ${expected}.`,
    );
  }
}
