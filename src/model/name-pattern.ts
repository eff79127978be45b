import picomatch from 'picomatch';

/** Tells whether a name of parts (with dots or slashes between), or any tail of it, is `pattern` or matches it as a glob. */
export function namePattern(pattern: string): (name: string) => boolean {
  const glob = picomatch(pattern);
  return (name) => tails(name).some((tail) => tail === pattern || glob(tail));
}

function tails(name: string): string[] {
  return [name, ...[...name].flatMap((c, i) => ('./'.includes(c) ? [name.slice(i + 1)] : []))];
}
