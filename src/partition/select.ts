import { ConfigError } from '../errors.ts';
import { namePattern } from '../model/name-pattern.ts';
import type { Parameter } from '../model/parameters.ts';

/**
 * Which tensors are meant: a name or glob, a RegExp, a predicate, or a list of these.
 * A glob matches a whole name or any of its tails after a dot or slash: `layers.5.*`, `*.mlp.*`, `q_proj.weight` and `kernel` all work.
 */
export type Selector = string | RegExp | ((p: Parameter) => boolean) | readonly Selector[];

/** The parameters that a selector means, in execution order. Throws ConfigError when there are none. */
export function selectParameters(list: readonly Parameter[], selector: Selector): Parameter[] {
  const found = list.filter(matcher(selector));
  if (found.length === 0) {
    const some = list
      .slice(0, 10)
      .map((p) => p.name)
      .join(', ');
    throw new ConfigError(`No tensor matches ${describeSelector(selector)}. Names are ${some}, ...`);
  }
  return found;
}

/** As {@link selectParameters}, without the tensors of a frozen model under an adapter, which nothing trains. */
export function selectTrained(list: readonly Parameter[], selector: Selector): Parameter[] {
  const found = selectParameters(list, selector).filter((p) => p.base !== 'frozen');
  if (found.length > 0) return found;
  throw new ConfigError(
    `${describeSelector(selector)} means only tensors of the frozen model under the adapter. ` +
      "Open with adapter: { ..., base: 'ZO' } to train them too.",
  );
}

/** Parts of a list that a report names. */
const LISTED = 3;

/** A selector in words, for reports. */
export function describeSelector(selector: Selector): string {
  if (typeof selector === 'string') return `'${selector}'`;
  if (selector instanceof RegExp) return String(selector);
  if (typeof selector === 'function') return selector.name ? `predicate ${selector.name}` : 'the predicate';
  const shown = selector.slice(0, LISTED).map(describeSelector);
  const more = selector.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function matcher(selector: Selector): (p: Parameter) => boolean {
  if (typeof selector === 'function') return selector;
  if (selector instanceof RegExp) return (p) => p.name.search(selector) >= 0;
  if (typeof selector === 'string') {
    const matches = namePattern(selector);
    return (p) => matches(p.name);
  }
  if (!Array.isArray(selector)) {
    throw new ConfigError(
      `${String(selector)} is no selector of tensors. Give a name, a glob such as 'layers.5.*', a RegExp, a predicate or a list of these.`,
    );
  }
  const any = (selector as readonly Selector[]).map(matcher);
  return (p) => any.some((m) => m(p));
}
