import { inspect } from 'node:util';
import * as errors from '../errors.ts';
import { plainDiagnosis, remedy } from './hints.ts';
import { excerpt, isPutIn, restAt, typedPlace, type CellSource, type CellSources } from './stack.ts';

/** Content of a Jupyter error message. */
export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

const red = (text: string): string => `\x1b[0;31m${text}\x1b[0m`;
const MAX_CAUSES = 5;
/** What tslab's executor throws into a cell that it ends. */
export const INTERRUPTED = 'Interrupted asynchronously';

/** Whether a cell's error is the stop button's doing. */
function isInterrupt(error: unknown, signal: AbortSignal): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as Error & { code?: unknown };
  return (
    error.message === INTERRUPTED ||
    code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' ||
    (error.name === 'AbortError' && signal.aborted)
  );
}

function isErrorLike(value: unknown): value is Error {
  return typeof value === 'object' && value !== null && typeof (value as Error).message === 'string';
}

/** Frames of hi-zfo's own library, built. */
const LIBRARY = /[\\/]dist[\\/]index\.[cm]js:/;

/**
 * The stack without its first lines, which repeat name and message. An error that hi-zfo raises on purpose says all there is to say:
 * where in the library it was raised adds nothing to the line of the cell.
 */
function frames(error: Error): string {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  const at = stack.search(/^\s+at /m);
  if (at < 0) return '';
  const lines = stack.slice(at).split('\n');
  return (Object.hasOwn(errors, error.name) ? lines.filter((line) => !LIBRARY.test(line)) : lines).join('\n');
}

function describe(error: unknown, sources: CellSources, depth = 0): string[] {
  if (!isErrorLike(error)) return [red(inspect(error))];
  const stack = sources.readable(frames(error)).trimEnd();
  const source = sources.excerptFor(stack);
  const lines = [`${red(error.name)}: ${error.message}`];
  if (source !== undefined) lines.push(source);
  if (stack !== '') lines.push(stack);
  const todo = remedy(error);
  if (todo !== undefined) lines.push(`Hint: ${todo}`);
  const { errors } = error as Error & { errors?: unknown };
  const inner: unknown[] = [error.cause, ...(Array.isArray(errors) ? (errors as unknown[]) : [])];
  for (const cause of inner.filter((value) => value !== undefined))
    if (depth < MAX_CAUSES) lines.push('Caused by:', ...describe(cause, sources, depth + 1));
  return lines;
}

/** A value that a cell threw. */
export function thrown(error: unknown, sources: CellSources, signal: AbortSignal): Failure {
  if (isInterrupt(error, signal)) {
    const evalue = 'the cell was interrupted';
    return { ename: 'Interrupted', evalue, traceback: [`${red('Interrupted')}: ${evalue}`] };
  }
  const [ename, evalue] = isErrorLike(error) ? [error.name, error.message] : ['Thrown', inspect(error)];
  return { ename, evalue, traceback: describe(error, sources) };
}

/** What tslab's converter says about a cell that does not compile: `[format, file, line, column, text]`. */
export type Diagnostic = readonly unknown[];

/** Type and syntax errors of a cell. @param version - of TypeScript */
export function diagnosed(diagnostics: readonly Diagnostic[], source: CellSource, version: string): Failure {
  const messages = diagnostics.map(([, file, line, column, said]) => {
    const text = String(said);
    const place = { line: Number(line), column: Number(column) };
    if (file !== '')
      return { head: `${String(file)}${place.line}:${place.column} - ${text}`, source: '', text, rank: 1 };
    const typed = typedPlace(source, place);
    const plain = plainDiagnosis(text, restAt(source.code, typed), version);
    const rank = plain !== undefined ? 2 : isPutIn(source, place) ? 0 : 1;
    const head = `${typed.line}:${typed.column} - ${plain ?? text}`;
    return { head, source: excerpt(source.code, typed), text, rank };
  });
  // A plain message stands alone; what is said twice is said of what was typed, not of what was put in.
  const best = Math.max(...messages.map(({ rank }) => rank));
  const told = messages.filter(
    ({ head, text, rank }, i) =>
      messages.findIndex((other) => other.head === head) === i &&
      (best < 2 || rank === 2) &&
      (rank > 0 || !messages.some((other) => other.rank > 0 && other.text === text)),
  );
  const traceback = byPlace(told).flatMap(([first, ...more]) => [
    `${red('TypeScriptError')}: ${first!.head}`,
    ...more.map(({ text }) => `  ${text}`),
    ...(first!.source === '' ? [] : [first!.source]),
  ]);
  return {
    ename: 'TypeScriptError',
    evalue: byPlace(told)[0]?.[0]?.head ?? 'the cell does not compile',
    traceback,
  };
}

interface Told {
  head: string;
  source: string;
  text: string;
}

/** What the compiler says in several messages of one place. Of a name that an object should not have, the one that says so is enough. */
function byPlace(told: readonly Told[]): Told[][] {
  const places = new Map<string, Told[]>();
  for (const message of told) {
    const place = message.head.slice(0, message.head.indexOf(' - '));
    places.set(place, [...(places.get(place) ?? []), message]);
  }
  return [...places.values()].map((all) => {
    const name = all.find(({ text }) => text.startsWith('Object literal may only specify known properties'));
    return name ? [name] : all;
  });
}
