import { inspect } from 'node:util';
import { JUPYTER_DISPLAY, SELF_DISPLAY, type MimeBundle } from '../notebook/kernel-api.ts';
import { isTable, tableBundle } from '../notebook/table.ts';

type Method = (this: unknown) => unknown;

function method(value: unknown, name: symbol): Method | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const found = (value as Record<symbol, unknown>)[name];
  return typeof found === 'function' ? (found as Method) : undefined;
}

function isBundle(value: unknown): value is MimeBundle {
  return typeof value === 'object' && value !== null && Object.keys(value).every((key) => key.includes('/'));
}

/** Text of a value; strings stand as they are, since most are tables and summaries of several lines. */
function plain(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

/**
 * The bundle of a cell's last expression; undefined when the value has shown itself.
 *
 * Asked in this order: `[Symbol.for('hi-zfo.display')]()`, `[Symbol.for('Jupyter.display')]()`, an arquero table,
 * `util.inspect`.
 */
export async function resultBundle(value: unknown): Promise<MimeBundle | undefined> {
  const showItself = method(value, SELF_DISPLAY);
  if (showItself) {
    const bundle = await showItself.call(value);
    return isBundle(bundle) ? bundle : undefined;
  }
  const rich = method(value, JUPYTER_DISPLAY);
  if (rich) {
    const bundle = await rich.call(value);
    if (isBundle(bundle)) return { 'text/plain': plain(value), ...bundle };
  }
  return isTable(value) ? tableBundle(value) : { 'text/plain': plain(value) };
}
