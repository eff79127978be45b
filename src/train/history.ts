/** One step of a run, as it is kept. Numbers that a step did not have are NaN. */
export interface HistoryRow {
  /** From 0. */
  step: number;
  /** L_FO, the clean loss. */
  loss: number;
  /** L_ZO, the mean loss of the perturbed streams. */
  perturbedLoss: number;
  /** Projected gradient c (mean over queries). */
  coefficient: number;
  /** Norm of the FO gradient. */
  gradientNorm: number;
  /** |g_ZO| as estimated: |c| sqrt(d_ZO) for q = 1. */
  estimateNorm: number;
  /** Why the update was skipped, or ''. */
  skipped: string;
  /** Values in FO and ZO tensors at this step. */
  sizeFO: number;
  sizeZO: number;
  /** Since the start of the session, this step included. */
  forwardPasses: number;
  flops: number;
  seconds: number;
  /** Of this step alone. */
  stepSeconds: number;
  /** Bytes in live tensors after the step, and resident memory of the process. */
  tensorBytes: number;
  residentBytes: number;
}

/** Something that happened between steps. */
export interface HistoryEvent {
  /** Number of steps done when it happened. */
  step: number;
  kind:
    | 'open'
    | 'profile'
    | 'partition'
    | 'edit'
    | 'settings'
    | 'skip'
    | 'evaluate'
    | 'stop'
    | 'save'
    | 'rewind'
    | 'probe'
    | 'warning';
  text: string;
}

/** A measurement made during training, every n steps. */
export interface ProbeRow {
  /** Steps done when it was made. */
  step: number;
  /** Mean cosine between ZO estimate and true gradient of the ZO part, and its standard error. */
  cosine: number;
  cosineError: number;
  /** E|g_ZO estimate - g_ZO|^2 / |g_ZO|^2, measured, and by the law. */
  varianceRatio: number;
  varianceLaw: number;
  /** What it took. */
  seconds: number;
}

/** Exponential moving average with weight `factor` on the past, bias-corrected; NaN entries are passed over. */
export function movingAverage(values: readonly number[], factor = 0.9): number[] {
  let sum = 0;
  let weight = 0;
  return values.map((x) => {
    if (Number.isFinite(x)) {
      sum = factor * sum + (1 - factor) * x;
      weight = factor * weight + (1 - factor);
    }
    return weight > 0 ? sum / weight : NaN;
  });
}
