import type { OpenOptions, Session } from '../../src/session/index.ts';

/** One run that the parent and a child process both make. */
export const options: OpenOptions = {
  task: 'label',
  seed: 3,
  batchSize: 4,
  rateFO: 1e-3,
  rateZO: 1e-4,
  queries: 2,
  updateZO: 'adamw',
};

/** Edits before and after the kill. */
export async function edit(s: Session): Promise<void> {
  if (s.steps === 5) s.promote('layers.0.*');
  if (s.steps === 24) s.demote('layers.1.mlp.*');
  if (s.steps === 30) s.set({ alpha: 0.2 });
  if (s.steps === 40) await s.repartition({ rho: 0.5 });
}
