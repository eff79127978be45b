import type { HistoryEvent } from '../train/history.ts';

/*
 * What kernel and page say to each other. One widget model a session: every panel of the session, in every tab, is a view
 * of it, so two panels agree by construction. This file is types and constants alone; both sides import it.
 */

/** What the run is doing. */
export type RunState = 'idle' | 'running' | 'paused';

/** One tensor of the map, in execution order. */
export interface TensorCell {
  name: string;
  /** Layer, from 0; null for what belongs to none: embedding, final norm, head and the like. */
  layer: number | null;
  /** What a layer of one's own is called. */
  layerName?: string;
  /** `q`, `up`, `attention-norm`, ... */
  role: string;
  shape: readonly number[];
  size: number;
  /** From the last profile; null before there is one, and where it did not reach. */
  importance: number | null;
}

/** What a partition adds up to, as the budget slider shows it. */
export interface BudgetAnswer {
  rho: number;
  /** Share of the backward cost that is spent, 0 to 1; null when unknown. */
  achieved: number | null;
  /** Share of the backward cost that the budget allows. */
  allowed: number | null;
  importanceKept: number | null;
  countFO: number;
  countZO: number;
  sizeFO: number;
  sizeZO: number;
  /** Tensors (by index) that would change their label against the labels in force, and to what. */
  toFO: readonly number[];
  toZO: readonly number[];
  /** Milliseconds that the solver took. */
  solveMs: number;
  warning: string | null;
}

/** The settings that have a slider. */
export interface PanelSettings {
  alpha: number;
  epsilon: number;
  rateFO: number;
  rateZO: number;
  queries: number;
}

/** A line of the event list, as the history keeps it. */
export type EventLine = HistoryEvent;
export type EventKind = HistoryEvent['kind'];

/** Columns of the live curves, one value a step. NaN where a step has none. */
export const rowColumns = [
  'step',
  'loss',
  'perturbedLoss',
  'coefficient',
  'gradientNorm',
  'estimateNorm',
  'forwardPasses',
  'flops',
  'seconds',
  'stepSeconds',
  'tensorBytes',
  'residentBytes',
] as const;
export type RowColumn = (typeof rowColumns)[number];

/** Columns of the probes, one value a probe. */
export const probeColumns = [
  'step',
  'cosine',
  'cosineError',
  'varianceRatio',
  'varianceLaw',
  'seconds',
] as const;
export type ProbeColumn = (typeof probeColumns)[number];

/** The whole state of a panel but its curves: small JSON, replaced as a whole whenever something in it changes. */
export interface PanelState {
  /** Counts up with each change, so that a view can tell old from new. */
  revision: number;
  title: string;
  method: string;
  run: RunState;
  /** Steps done, and the step at which the present run will end (null: no end, or no run). */
  steps: number;
  until: number | null;
  /** Smoothed, of the last steps; null before the first. */
  secondsPerStep: number | null;
  /** Steps that `rewind` can go back to: [first, last], and whether an exact rebuild is possible at each. */
  rewindable: { from: number; to: number } | null;
  tensors: readonly TensorCell[];
  /** One character a tensor: F (FO), Z (ZO), x (frozen). Empty before there are labels, and so is `reasons`. */
  labels: string;
  /**
   * One character a tensor: `h` set by hand, `c` chosen, `o` over budget, `n` no gain, `r` out of reach, `a` all alike, `b` of the
   * model under an adapter.
   */
  reasons: string;
  /** Null before there is a partition. */
  budget: BudgetAnswer | null;
  settings: PanelSettings;
  probes: { every: number; draws: number; secondsEach: number | null };
  /** Newest last, 200 at most. */
  events: readonly EventLine[];
  /** Edits that wait for the end of the present step. */
  pending: number;
}

/** Page to kernel, as the content of a custom message. `id` comes back in the answer. */
export type PanelCommand = { id: string } & (
  | { do: 'run'; steps: number | null } // null: until it is paused or stopped; also resumes a paused run
  | { do: 'pause' }
  | { do: 'step' }
  | { do: 'stop' }
  | { do: 'rewind'; step: number }
  | { do: 'profile' }
  | { do: 'preview'; rho: number } // answers with a BudgetAnswer, changes nothing
  | { do: 'partition'; rho: number }
  | { do: 'label'; tensors: readonly number[]; label: 'FO' | 'ZO' }
  | { do: 'label-glob'; glob: string; label: 'FO' | 'ZO' }
  | { do: 'set'; settings: Partial<PanelSettings> }
  | { do: 'probe'; every: number; draws: number }
  | { do: 'plotly' } // the page has no plotly.js of ours: answers with a gzipped copy as a buffer
  | { do: 'curves' } // all rows and probes again; every view sends it when it is drawn, and so is known to be there
);

/**
 * Kernel to page, as the content of a custom message. `rows` and `probes` carry one float64 buffer a column, in the order
 * of rowColumns and probeColumns; `from` is the number of rows before them, of those that a view holds: a view that has
 * other rows at or after `from` drops them (that is how a rewind reaches it; `count` may be 0), one that has fewer than
 * `from` asks for `curves`. Of many rows at once only some are sent, 2000 a message at most, with the extremes of the
 * curves among them; so after `curves` a long run has gaps in its `step` column. Probes are sent whole.
 */
export type PanelMessage =
  | { type: 'answer'; id: string; ok: true; budget?: BudgetAnswer; plotly?: 'gzip' }
  | { type: 'answer'; id: string; ok: false; message: string }
  | { type: 'rows'; from: number; count: number }
  | { type: 'probes'; from: number; count: number };

/** Keys of the widget's synced state beside anywidget's own: `panel` holds a PanelState. */
export const STATE_KEY = 'panel';
