import { tf } from '../engine/tf.ts';
import { inPieces, type Parameter, type Trainable } from '../model/index.ts';
import type { AdamW } from '../optimize/index.ts';
import type { HistoryRow } from './history.ts';
import { movedBy, type StepRecord } from './log.ts';
import type { Snapshots, TensorState } from './snapshots.ts';
import { hiZfoStep } from './step.ts';
import { moveZO } from './zo-update.ts';

/** The weights that a run started from, to be read one by one. */
export interface BaseWeights {
  read(p: Parameter): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What going back works on; its engine is the active one. */
export interface Site {
  model: Trainable;
  optimizer: AdamW;
  seed: number;
  batchAt(step: number): unknown;
  /** The weights before step 0. */
  base(): Promise<BaseWeights>;
  snapshots: Snapshots;
  log: readonly StepRecord[];
  rows: readonly HistoryRow[];
}

/** What a rebuild took. */
export interface Rebuilt {
  /** Updates of ZO tensors that were replayed from the log, one a tensor and step. */
  replayed: number;
  /** Steps that were run again, with all their passes. */
  rerun: number;
  /** Steps of those that did not give the loss they gave before; none on an engine that is exact to the bit. */
  differing: number;
}

/** Where each tensor is taken from, and up to which step the log alone carries it from there. */
export interface Route {
  /** Step that is reached without a pass; those from here on are run again. */
  from: number;
  /** Snapshot of each tensor that has moved; 0 is the base. */
  anchors: ReadonlyMap<Parameter, number>;
}

/**
 * The cheapest exact way to the beginning of step `to`: the latest step at or before it at which no tensor was moved by
 * a gradient since its last snapshot. There is always one: step 0.
 */
export function routeTo(
  to: number,
  log: readonly StepRecord[],
  snapshots: Snapshots,
  parameters: readonly Parameter[],
): Route {
  const anchors = new Map(parameters.map((p) => [p, 0]));
  const stale = new Set<Parameter>();
  let route: Route = { from: 0, anchors: new Map(anchors) };
  for (let step = 0; step <= to; step++) {
    for (const p of snapshots.at(step)?.keys() ?? []) {
      anchors.set(p, step);
      stale.delete(p);
    }
    if (stale.size === 0) route = { from: step, anchors: new Map(anchors) };
    const record = log[step];
    if (!record || step === to) break;
    for (const p of parameters) if (movedBy(record, p) === 'gradient') stale.add(p);
  }
  return route;
}

/**
 * Puts weights and moments back to what they were when step `to` began, bit by bit. ZO updates are replayed forward from
 * the log, in the arithmetic in which they were made (taking them off again would not be exact in float32); steps whose
 * gradients are needed are run again on the same batches with the same keys. When it throws or is aborted, weights and
 * moments are as before.
 *
 * @param torn - tensors that were moved by what is not in the log
 */
export async function rebuild(
  site: Site,
  to: number,
  signal?: AbortSignal,
  torn: readonly Parameter[] = [],
): Promise<Rebuilt> {
  const { model, log, snapshots } = site;
  const moved = model.parameters.list.filter(
    (p) => torn.includes(p) || log.some((record) => movedBy(record, p)),
  );
  const route = routeTo(to, log, snapshots, moved);
  const before = await statesOf(site, moved);
  const base = await site.base();
  const result: Rebuilt = { replayed: 0, rerun: 0, differing: 0 };
  try {
    for (const p of moved) {
      const anchor = route.anchors.get(p)!;
      const state = snapshots.at(anchor)?.get(p) ?? { w: await base.read(p), moments: undefined };
      put(site, p, state);
      result.replayed += await replay(site, p, anchor, route.from, signal);
    }
    for (let step = route.from; step < to; step++) {
      signal?.throwIfAborted();
      if (!(await rerun(site, step))) result.differing++;
      result.rerun++;
      await new Promise(setImmediate);
    }
    return result;
  } catch (error) {
    for (const [p, state] of before) put(site, p, state);
    throw error;
  } finally {
    await base.close();
  }
}

/** Values and moments of some tensors, copied to the host. */
export async function statesOf(
  { model, optimizer }: Pick<Site, 'model' | 'optimizer'>,
  parameters: readonly Parameter[],
): Promise<Map<Parameter, TensorState>> {
  const states = new Map<Parameter, TensorState>();
  for (const p of parameters) {
    const w = (await model.parameters.get(p).data()) as Float32Array;
    states.set(p, { w: w.slice(), moments: await optimizer.read(p) });
  }
  return states;
}

function put({ model, optimizer }: Site, p: Parameter, { w, moments }: TensorState): void {
  model.parameters.replace(p, tf.tensor(w, [...p.shape], 'float32'));
  optimizer.restore(p, moments);
}

/** The ZO updates of one tensor in [from, to), and the loss of its moments where its label changed. */
async function replay(
  { model, optimizer, log }: Site,
  p: Parameter,
  from: number,
  to: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let count = 0;
  for (let step = from; step < to; step++) {
    const record = log[step]!;
    if (movedBy(record, p) === 'update') {
      optimizer.configure(record.settings.adamw);
      const w = model.parameters.get(p);
      model.parameters.replace(p, moveZO(model.engine, optimizer, p, w, record.update!));
      if (++count % 64 === 0) await new Promise(setImmediate);
      signal?.throwIfAborted();
    }
    if (log[step + 1]?.forgot.includes(p)) optimizer.forget(p);
  }
  return count;
}

/** One step as it was. Whether it gave the same losses as then. */
async function rerun(site: Site, step: number): Promise<boolean> {
  const { optimizer, seed, log } = site;
  const { labels: partition, settings: then, factor } = log[step]!;
  const model = inPieces(site.model, then.microBatch);
  const settings = { ...then, schedule: () => factor };
  optimizer.configure(settings.adamw);
  const batch = await model.prepare(site.batchAt(step));
  try {
    const r = await hiZfoStep({ model, partition, batch, settings, optimizer, seed, step });
    for (const p of log[step + 1]?.forgot ?? []) optimizer.forget(p);
    const row = site.rows[step]!;
    return Object.is(r.loss, row.loss) && Object.is(r.perturbedLoss, row.perturbedLoss);
  } finally {
    batch.dispose();
  }
}
