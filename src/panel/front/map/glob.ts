import picomatch from 'picomatch';

/**
 * Which names a glob means, by the rule of `src/partition/select.ts`: a whole name or any of its tails after a dot or slash. What is
 * highlighted is what the kernel will label.
 */
export function matching(names: readonly string[], glob: string): number[] {
  if (glob === '') return [];
  const match = matcher(glob);
  return names.flatMap((name, i) => (tails(name).some((tail) => tail === glob || match(tail)) ? [i] : []));
}

/** A glob that means some of the tensors, as an example: those of a layer in the middle. */
export function exampleGlob(names: readonly string[]): string {
  const name = names[names.length >> 1] ?? '';
  const layer = /([a-z]\w*\.\d+\.)/i.exec(name) ?? /^(.+[./])/.exec(name);
  return layer ? `${layer[1]}*` : name;
}

function matcher(glob: string): (text: string) => boolean {
  try {
    return picomatch(glob);
  } catch {
    return () => false; // half typed
  }
}

function tails(name: string): string[] {
  return [name, ...[...name].flatMap((c, i) => ('./'.includes(c) ? [name.slice(i + 1)] : []))];
}
