/** A mean with its standard error. */
export interface Measured {
  mean: number;
  standardError: number;
}

/** Running moments of independent samples (Welford): plain data, so a measurement can be saved and continued. */
export interface Moments {
  n: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
}

/** No samples yet. */
export const noMoments = (): Moments => ({ n: 0, mean: 0, squares: 0 });

/** Adds a sample. */
export function push(m: Moments, x: number): void {
  m.n += 1;
  const off = x - m.mean;
  m.mean += off / m.n;
  m.squares += off * (x - m.mean);
}

/** Mean and standard error of what was pushed (standard error NaN below two samples, both NaN without any). */
export function measured({ n, mean, squares }: Moments): Measured {
  if (n === 0) return { mean: NaN, standardError: NaN };
  return { mean, standardError: n < 2 ? NaN : Math.sqrt(squares / (n - 1) / n) };
}

/** Mean and standard error of independent samples (standard error NaN below two). */
export function estimate(samples: Iterable<number>): Measured {
  const m = noMoments();
  for (const x of samples) push(m, x);
  return measured(m);
}

/** Root of a measured mean, with its standard error by the delta method. */
export function root({ mean, standardError }: Measured): Measured {
  const value = Math.sqrt(mean);
  return { mean: value, standardError: standardError / (2 * value) };
}

/** a / b of independent measurements, with its standard error by the delta method. */
export function ratio(a: Measured, b: Measured): Measured {
  const mean = a.mean / b.mean;
  const relative = Math.hypot(a.standardError / a.mean, b.standardError / b.mean);
  return { mean, standardError: Math.abs(mean) * relative };
}

/**
 * Jackknife: a statistic of n samples and its standard error from leaving each sample out.
 * @param of - the statistic of the samples with these indices
 */
export function jackknife(n: number, of: (indices: readonly number[]) => number): Measured {
  const all = Array.from({ length: n }, (_, i) => i);
  const without = all.map((i) => of(all.filter((j) => j !== i)));
  const { mean } = estimate(without);
  const squares = without.reduce((s, x) => s + (x - mean) ** 2, 0);
  return { mean: of(all), standardError: Math.sqrt(((n - 1) / n) * squares) };
}

/**
 * How many standard errors a measurement lies off its law: those of the law where it has them, else the sample's own. NaN where
 * there is no law or no standard error.
 */
export function deviation({ mean, standardError }: Measured, law: number, lawError = NaN): number {
  return (mean - law) / (Number.isFinite(lawError) ? lawError : standardError);
}
