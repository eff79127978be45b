/** Rows of each head back from interleaved pairs to halves: row j * half + i of a head is its row 2i + j in the file. */
export function uninterleave(values: Float32Array, rows: number, heads: number): Float32Array {
  const width = values.length / rows;
  const head = rows / heads;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const within = row % head;
    const from = row - within + 2 * (within % (head / 2)) + Math.floor(within / (head / 2));
    out.set(values.subarray(from * width, (from + 1) * width), row * width);
  }
  return out;
}

/** [rows, columns] -> [columns, rows]. */
export function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  }
  return out;
}
