/** Number columns that grow, and shrink when a run is rewound. */
export class Columns<C extends string> {
  readonly names: readonly C[];
  #data: Float64Array[];
  #length = 0;
  /** Counts changes. */
  revision = 0;

  constructor(names: readonly C[]) {
    this.names = names;
    this.#data = names.map(() => new Float64Array(64));
  }

  get length(): number {
    return this.#length;
  }

  /** All values of a column; a view that the next `place` may overwrite. */
  column(name: C): Float64Array {
    return this.#data[this.names.indexOf(name)]!.subarray(0, this.#length);
  }

  /**
   * Puts rows at index `from`, one float64 buffer a column, and drops what was at or after it. False, and nothing has
   * changed, when rows before them are missing or the buffers do not fit.
   */
  place(from: number, count: number, buffers: readonly DataView[]): boolean {
    const fits = buffers.length === this.names.length && buffers.every((b) => b.byteLength === 8 * count);
    if (!(Number.isInteger(from) && from >= 0 && from <= this.#length) || !(fits || count === 0))
      return false;
    this.#reserve(from + count);
    if (count > 0) {
      buffers.forEach((b, c) => {
        // A frame may start at any byte.
        const bytes = new Uint8Array(b.buffer as ArrayBuffer, b.byteOffset, b.byteLength).slice();
        this.#data[c]!.set(new Float64Array(bytes.buffer), from);
      });
    }
    this.#length = from + count;
    this.revision++;
    return true;
  }

  #reserve(rows: number): void {
    const capacity = this.#data[0]!.length;
    if (rows <= capacity) return;
    this.#data = this.#data.map((old) => {
      const grown = new Float64Array(Math.max(rows, 2 * capacity));
      grown.set(old);
      return grown;
    });
  }
}
