import type { Engine } from './engine.ts';

let whose: string | undefined;
let under = 0;
const waiting: (() => void)[] = [];

/**
 * Does work on an engine's tensors, with its backend as the active one. TF.js has one active backend a process, and such
 * work awaits in its midst: work of another engine begins only when none of this one is under way. Work of one engine
 * may nest and overlap.
 */
export function inTurn<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  return turnOf(engine.name, async () => {
    await engine.activate();
    return await work();
  });
}

/** Does work that changes the active backend, while no one else relies on it. */
export async function turnOf<T>(name: string, work: () => Promise<T>): Promise<T> {
  while (under > 0 && whose !== name) await new Promise<void>((turn) => waiting.push(turn));
  whose = name;
  under++;
  try {
    return await work();
  } finally {
    if (--under === 0) for (const turn of waiting.splice(0)) turn();
  }
}
