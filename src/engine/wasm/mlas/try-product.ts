import type { Product } from './product.ts';

/**
 * Has a product multiply [m, k] by [k, n], as they are and transposed, on memory that threads may share or not. The values are small
 * whole numbers, whose sums float32 holds exactly in any order.
 * @throws what came out, or what the product says
 */
export function tryProduct(
  product: Product,
  { shared, sizes: [m, n, k] }: { shared: boolean; sizes: readonly [m: number, n: number, k: number] },
): void {
  const pages = Math.ceil((4 * (m * k + k * n + m * n)) / 65_536);
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  const left = (row: number, column: number) => ((3 * row + 5 * column) % 7) - 3;
  const right = (row: number, column: number) => ((2 * row + 7 * column) % 9) - 4;
  const expected = (row: number, column: number) => {
    let sum = 0;
    for (let l = 0; l < k; l++) sum += left(row, l) * right(l, column);
    return sum;
  };
  /** A matrix at some float of the memory. */
  const matrix = (at: number, rows: number, columns: number, value: typeof left, transposed = false) => {
    const data = new Float32Array(buffer, 4 * at, rows * columns);
    data.forEach((_, i) => {
      data[i] = transposed
        ? value(i % rows, Math.floor(i / rows))
        : value(Math.floor(i / columns), i % columns);
    });
    return { data, transposed };
  };
  for (const way of [0, 1, 2, 3]) {
    const a = matrix(0, m, k, left, way > 1);
    const b = matrix(m * k, k, n, right, way % 2 > 0);
    const c = matrix(m * k + k * n, m, n, () => NaN);
    try {
      product.multiply(a, b, c.data, [m, n, k]);
    } catch (error) {
      throw (error as Error).cause ?? error; // the reason alone: no step was under way
    }
    c.data.forEach((value, i) => {
      const right = expected(Math.floor(i / n), i % n);
      if (value !== right) throw new Error(`a product came out as ${value} in place of ${right}`);
    });
  }
}
