import { namePattern } from '../../../model/name-pattern.ts';

/** Which names a glob means, by the kernel's own rule: what is highlighted is what it will label. */
export function matching(names: readonly string[], glob: string): number[] {
  if (glob === '') return [];
  const matches = matcher(glob);
  return names.flatMap((name, i) => (matches(name) ? [i] : []));
}

/** A glob that means some of the tensors, as an example: those of a layer in the middle. */
export function exampleGlob(names: readonly string[]): string {
  const name = names[names.length >> 1] ?? '';
  const layer = /([a-z]\w*\.\d+\.)/i.exec(name) ?? /^(.+[./])/.exec(name);
  return layer ? `${layer[1]}*` : name;
}

function matcher(glob: string): (name: string) => boolean {
  try {
    return namePattern(glob);
  } catch {
    return () => false; // half typed
  }
}
