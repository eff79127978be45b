import type { Engine } from './engine.ts';

/** Whose work it is: an engine's, or what the work is called where it is of none. */
type Owner = Engine | string;

let whose: Owner | undefined;
let under = 0;
const waiting: (() => void)[] = [];

/**
 * Does work on an engine's tensors, with its backend as the active one. TF.js has one active backend a process, and its
 * products on wasm the threads and the rounding of one engine; such work awaits in its midst. So work of another engine, even of
 * the same name, begins only when none of this one is under way. Work of one engine may nest and overlap.
 */
export function inTurn<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  return turnOf(engine, async () => {
    await engine.activate();
    return await work();
  });
}

/** Does work that changes the active backend, while no one else relies on it. */
export async function turnOf<T>(owner: Owner, work: () => Promise<T>): Promise<T> {
  while (under > 0 && whose !== owner) await new Promise<void>((turn) => waiting.push(turn));
  whose = owner;
  under++;
  try {
    return await work();
  } finally {
    if (--under === 0) for (const turn of waiting.splice(0)) turn();
  }
}
