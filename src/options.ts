import { inspect } from 'node:util';
import { ConfigError, didYouMean } from './errors.ts';

/** The name of every option of a type: what `satisfies Names<T>` stops compiling when the type gains or loses an option. */
export type Names<T> = Record<keyof T, true>;

/**
 * Throws ConfigError for what is no options object, and for an option that there is not: a mistyped one would silently leave its
 * default. `of` is the call or the option that takes them.
 */
export function checkOptions(of: string, options: unknown, known: Readonly<Record<string, true>>): void {
  const names = Object.keys(known);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const given = inspect(options, { depth: 0, breakLength: Infinity });
    throw new ConfigError(`${of} takes options by name, such as { ${names[0]}: ... }; given ${given}.`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw new ConfigError(
    `${of} has no option ${unknown}.${didYouMean(unknown, names)} Options are ${names.join(', ')}.`,
  );
}
