import { inspect, types } from 'node:util';
import { Figure } from './figure.ts';
import { JUPYTER_DISPLAY, SELF_DISPLAY, type MimeBundle } from './kernel-api.ts';
import { brief, glance, glanceText } from './numbers.ts';
import type { PlotlySpec } from './spec.ts';
import { isTable, tableBundle } from './table.ts';
import { isTensor, tensorBundle } from './tensor.ts';

export interface BundleOptions {
  /** Makes a stack readable: the kernel points it into the cells. */
  stack?: (stack: string) => string;
}

type Method = (this: unknown) => unknown;

function method(value: unknown, name: symbol): Method | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const found = (value as Record<symbol, unknown>)[name];
  return typeof found === 'function' ? (found as Method) : undefined;
}

function isBundle(value: unknown): value is MimeBundle {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key.includes('/'));
}

const FIGURE_KEYS = new Set(['data', 'layout', 'config', 'frames']);
const TRACE_KEYS = ['type', 'x', 'y', 'z', 'values', 'labels'];

/** A plotly figure as plain data: `{ data, layout }` with at least one trace and nothing else. */
export function isSpec(value: unknown): value is PlotlySpec {
  if (typeof value !== 'object' || value === null || !Object.keys(value).every((key) => FIGURE_KEYS.has(key)))
    return false;
  const { data, layout } = value as Record<string, unknown>;
  const isTrace = (trace: unknown) =>
    typeof trace === 'object' && trace !== null && TRACE_KEYS.some((key) => key in trace);
  const framed = layout === undefined || (typeof layout === 'object' && layout !== null);
  return framed && Array.isArray(data) && data.length > 0 && data.every(isTrace);
}

function titleOf({ data, layout }: PlotlySpec): string {
  const { title } = layout ?? {};
  const text = typeof title === 'object' && title !== null ? (title as { text?: unknown }).text : title;
  const traces = `${data.length} ${data.length === 1 ? 'trace' : 'traces'}`;
  return typeof text === 'string' ? text.replace(/<[^>]*>/g, ' ').trim() : `figure with ${traces}`;
}

/** Typed arrays longer than this are told in a line, with their first values. */
const SHORT = 32;
const HEAD = 8;

function typedArrayText(array: Exclude<NodeJS.TypedArray, BigInt64Array | BigUint64Array>): string {
  const head = Array.from(array.subarray(0, HEAD), brief).join(', ');
  const size = array.length.toLocaleString('en');
  return `${array.constructor.name}(${size})  ${glanceText(glance(array))}\n[${head}, …]`;
}

function isNumbers(value: unknown): value is Exclude<NodeJS.TypedArray, BigInt64Array | BigUint64Array> {
  return (
    types.isTypedArray(value) &&
    !types.isBigInt64Array(value) &&
    !types.isBigUint64Array(value) &&
    !Buffer.isBuffer(value)
  );
}

function text(value: unknown, { stack = (lines) => lines }: BundleOptions): string {
  // Strings stand as they are, since most are tables and summaries of several lines.
  if (typeof value === 'string') return value;
  if (isNumbers(value) && value.length > SHORT) return typedArrayText(value);
  return types.isNativeError(value) ? stack(inspect(value)) : inspect(value);
}

/** A bundle; undefined when the value has shown itself. */
type Bundled = MimeBundle | undefined;

function whenKnown(result: unknown, use: (result: unknown) => Bundled): Bundled | Promise<Bundled> {
  return types.isPromise(result) ? result.then(use) : use(result);
}

/**
 * The mime bundle of any value, at once where that is possible; undefined when the value shows itself instead and has
 * done so.
 *
 * Asked in this order: `[Symbol.for('hi-zfo.display')]()`, `[Symbol.for('Jupyter.display')]()`, an arquero table, a
 * tensor, a plotly figure as plain data, and `util.inspect`.
 */
export function mimeBundle(value: unknown, options: BundleOptions = {}): Bundled | Promise<Bundled> {
  const plain = (): MimeBundle => ({ 'text/plain': text(value, options) });
  const showItself = method(value, SELF_DISPLAY);
  if (showItself)
    return whenKnown(showItself.call(value), (bundle) => (isBundle(bundle) ? bundle : undefined));
  const rich = method(value, JUPYTER_DISPLAY);
  if (rich)
    return whenKnown(rich.call(value), (bundle) => (isBundle(bundle) ? { ...plain(), ...bundle } : plain()));
  if (isTable(value)) return tableBundle(value);
  if (isTensor(value)) return tensorBundle(value);
  if (!isSpec(value)) return plain();
  new Figure(value.data, value.layout ?? {}, titleOf(value)).show();
  return undefined;
}
