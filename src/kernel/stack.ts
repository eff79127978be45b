import type { PositionMap } from './compiler.ts';
import type { Mended } from './mend.ts';

/** A cell that ran: what was typed, and the way from the JavaScript that ran back to it. */
export interface CellSource {
  code: string;
  mended: Mended;
  map: PositionMap | undefined;
  /** Lines of the JavaScript; what stands below is tslab's call of the cell. */
  lines: number;
}

/** tslab wraps the converted cell in a function whose opening stands on the first line. */
const WRAPPER = '(function(exports, require) { '.length;
const ASYNC_WRAPPER = '(async function(exports, require) { '.length;
const FRAME = /cell-(\d+)\.ts:(\d+):(\d+)/;
const INTERNAL = /[\\/]tslab[\\/]dist[\\/]|\(?node:|[\\/]dist[\\/]kernel[\\/]main\.mjs/;

/** One-based line and column in what was typed. */
interface Place {
  line: number;
  column: number;
}

function offsetOf(code: string, line: number, column: number): number {
  const before = code.split('\n').slice(0, line);
  return before.reduce((sum, text) => sum + text.length + 1, 0) + column;
}

/** The code from a one-based place on. */
export function restAt(code: string, place: Place): string {
  return code.slice(offsetOf(code, place.line - 1, place.column - 1));
}

/** Whether a one-based place in the mended code is in what was put in. */
export function isPutIn(source: CellSource, place: Place): boolean {
  return source.mended.isPutIn(offsetOf(source.mended.code, place.line - 1, place.column - 1));
}

/** One-based place in the mended code to the one in the cell. */
export function typedPlace(source: CellSource, place: Place): Place {
  const offset = source.mended.toCell(offsetOf(source.mended.code, place.line - 1, place.column - 1));
  const before = source.code.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The line of a place with its neighbour above, numbered, and a caret under the column. */
export function excerpt(code: string, place: Place): string {
  const lines = code.split('\n');
  const width = String(place.line).length;
  const numbered = (line: number, mark: string) =>
    `${mark} ${String(line).padStart(width)} | ${lines[line - 1] ?? ''}`.trimEnd();
  const shown = place.line > 1 ? [numbered(place.line - 1, ' ')] : [];
  const caret = `  ${' '.repeat(width)} | ${' '.repeat(Math.max(0, place.column - 1))}^`;
  return [...shown, numbered(place.line, '>'), caret].join('\n');
}

/** The cells that ran, by the number that stands in their stack frames. */
export class CellSources {
  readonly #cells = new Map<number, CellSource>();

  add(number: number, source: CellSource): void {
    this.#cells.set(number, source);
  }

  /** Adds what is known once a cell has been converted. */
  converted(number: number, output: string, map: PositionMap | undefined): void {
    const source = this.#cells.get(number);
    if (source) Object.assign(source, { map, lines: output.split('\n').length });
  }

  #place(number: number, line: number, column: number): Place | undefined {
    const source = this.#cells.get(number);
    if (!source) return undefined;
    for (const wrapper of line === 1 ? [ASYNC_WRAPPER, WRAPPER] : [0]) {
      const found = source.map?.({ line: line - 1, column: Math.max(0, column - 1 - wrapper) });
      if (found) return typedPlace(source, { line: found.line + 1, column: found.column + 1 });
    }
    return undefined;
  }

  /** A stack whose cell frames point into what was typed, without the frames of tslab, Node and the kernel. */
  readable(stack: string): string {
    return stack
      .split('\n')
      .filter((line) => !/^\s+at /.test(line) || !(INTERNAL.test(line) || this.#isCall(line)))
      .map((line) =>
        line.replace(FRAME, (frame, number: string, row: string, column: string) => {
          const place = this.#place(Number(number), Number(row), Number(column));
          return place ? `cell-${number}.ts:${place.line}:${place.column}` : frame;
        }),
      )
      .join('\n');
  }

  /** Whether a frame is tslab's call of the cell. */
  #isCall(line: string): boolean {
    const frame = FRAME.exec(line);
    const source = frame && this.#cells.get(Number(frame[1]));
    return source ? Number(frame[2]) > source.lines : false;
  }

  /** The typed line that the topmost cell frame of a readable stack points at. */
  excerptFor(readable: string): string | undefined {
    const frame = FRAME.exec(readable);
    const source = frame && this.#cells.get(Number(frame[1]));
    return source ? excerpt(source.code, { line: Number(frame[2]), column: Number(frame[3]) }) : undefined;
  }
}
