/** Where the batches of a run come from: a pure function of (seed, step). */
export interface RunSource {
  /** Name for progress bars. */
  readonly name: string;
  /** What it is, in the title of the run. */
  readonly title: string;
  /** Lines for the history when the run is opened. */
  readonly notes: readonly string[];
  /** Examples a batch; NaN when only whoever makes them knows. */
  readonly size: number;
  /** Tells whether another source has the same data. */
  readonly digest: string;
  /** The batch of a training step, from 0, as the model takes it. */
  at(step: number): unknown;
  /** Frees what the source itself holds. */
  dispose?(): void;
}
