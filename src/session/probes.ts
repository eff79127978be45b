import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import type { ProbeSettings } from '../panel/host.ts';
import type { ProbeRow, AnyTrainer } from '../train/index.ts';
import type { VarianceReport } from '../variance/index.ts';
import { trainerVariance } from './variance.ts';

/**
 * Variance measurements during training, every n steps at the weights and the batch of the next step: how far the ZO
 * estimate, with the q in force, lies from the true gradient of the ZO part. They change no weight and draw along
 * directions that no step uses. Each costs one backward pass and `draws` * q times the passes of a direction.
 */
export class Probes {
  #settings: Readonly<ProbeSettings> = Object.freeze({ every: 0, draws: 8 });

  constructor(private readonly trainer: AnyTrainer) {}

  get settings(): Readonly<ProbeSettings> {
    return this.#settings;
  }

  set({ every, draws }: ProbeSettings): void {
    if (!Number.isSafeInteger(every) || every < 0) {
      throw new ConfigError(`A probe every ${inspect(every)} steps? Give a whole number, 0 for none.`);
    }
    if (!Number.isSafeInteger(draws) || draws < 2) {
      throw new ConfigError(`A probe of ${inspect(draws)} draws? Give a whole number from 2 on.`);
    }
    this.#settings = Object.freeze({ every, draws });
  }

  /** The probe that is due at the present step, if any. One that fails or is stopped leaves the run as it was. */
  async measure(signal: AbortSignal | undefined): Promise<ProbeRow | undefined> {
    const { trainer } = this;
    const { every, draws } = this.#settings;
    const due = every > 0 && trainer.steps % every === 0;
    if (!due || signal?.aborted || trainer.labels?.with('ZO').length === 0) return undefined;
    const { queries: q } = trainer.settings;
    // a probe has directions of its own: figures of different probes are independent
    const seed = (trainer.options.seed + Math.imul(trainer.steps, 0x9e3779b1)) >>> 0;
    const started = performance.now();
    try {
      const options = { draws: draws * q, queries: [q], seed, ...(signal && { signal }) };
      const report = await trainerVariance(trainer, options);
      if (signal?.aborted) return undefined;
      const row: ProbeRow = Object.freeze({
        step: trainer.steps,
        cosine: report.rows[0]!.cosine.mean,
        cosineError: report.rows[0]!.cosine.standardError,
        varianceRatio: varianceRatio(report),
        varianceLaw: report.rows[0]!.law - 1,
        seconds: (performance.now() - started) / 1000,
      });
      trainer.probes.push(row);
      trainer.note('probe', inWords(row));
      return row;
    } catch (error) {
      if (!signal?.aborted) trainer.note('warning', `no probe: ${(error as Error).message}`);
      return undefined;
    }
  }
}

/** E|g^ - g|^2 / |g|^2 = E|g^|^2 / |g|^2 - 2 E<g^, g> / |g|^2 + 1; <g^, g> is the mean of c_i (u_i . g) over draws. */
export function varianceRatio({ rows, coefficients, gradientNorm }: VarianceReport): number {
  const inner = coefficients.reduce((s, c) => s + c.measured * c.exact, 0) / coefficients.length;
  return rows[0]!.secondMoment.mean - (2 * inner) / gradientNorm ** 2 + 1;
}

function inWords(p: ProbeRow): string {
  const [cosine, error, ratio, law] = [p.cosine, p.cosineError, p.varianceRatio, p.varianceLaw].map((x) =>
    x.toPrecision(3),
  );
  return `cosine ${cosine} ± ${error}, variance ratio ${ratio} (law ${law})`;
}
