/** What an array of numbers is like at a glance. */
export interface Glance {
  min: number;
  max: number;
  mean: number;
  /** Values that are NaN or infinite; the three above are of the others. */
  notFinite: number;
}

/** One pass over the values, in float64. With no finite value the three are NaN. */
export function glance(values: ArrayLike<number>): Glance {
  let [min, max, sum, count] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (!Number.isFinite(x)) continue;
    if (x < min) min = x;
    if (x > max) max = x;
    sum += x;
    count++;
  }
  const known = count > 0;
  return {
    min: known ? min : NaN,
    max: known ? max : NaN,
    mean: sum / count,
    notFinite: values.length - count,
  };
}

/** A number to four significant digits, whole numbers in full. */
export function brief(x: number): string {
  return Number.isInteger(x) || !Number.isFinite(x) ? String(x) : String(Number(x.toPrecision(4)));
}

/** `min -1  max 2  mean 0.5`, and how many values are not finite, if any. */
export function glanceText({ min, max, mean, notFinite }: Glance): string {
  const lost = notFinite > 0 ? `  ${notFinite.toLocaleString('en')} not finite` : '';
  return `min ${brief(min)}  max ${brief(max)}  mean ${brief(mean)}${lost}`;
}
