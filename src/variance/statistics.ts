/** A mean with its standard error. */
export interface Measured {
  mean: number;
  standardError: number;
}

/** Mean and standard error of independent samples (standard error NaN below two). */
export function estimate(samples: readonly number[]): Measured {
  const n = samples.length;
  const mean = samples.reduce((s, x) => s + x, 0) / n;
  const variance = samples.reduce((s, x) => s + (x - mean) ** 2, 0) / (n - 1);
  return { mean, standardError: n < 2 ? NaN : Math.sqrt(variance / n) };
}
