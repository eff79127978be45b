import { kernelApi } from './kernel-api.ts';
import { stockTslab } from './stock-tslab.ts';

let interrupted = new AbortController();
let listening = false;

/** Under stock tslab the stop button is a SIGINT that ends the cell's promise and nothing else. */
function interruptSignal(): AbortSignal {
  if (!listening) {
    listening = true;
    const abort = () => {
      interrupted.abort();
      interrupted = new AbortController();
    };
    // Not at once: a listener added while a cell's synchronous part runs is lost, and SIGINT ends the process.
    setImmediate(() => process.on('SIGINT', abort));
  }
  return interrupted.signal;
}

/** A signal that the notebook's stop button aborts; undefined outside a notebook, where Ctrl-C ends the process. */
export function cellSignal(): AbortSignal | undefined {
  const kernel = kernelApi();
  if (kernel) return kernel.signal;
  return stockTslab() ? interruptSignal() : undefined;
}

/**
 * Runs work that ends by itself soon after the stop button is pressed. The hi-zfo kernel then lets the present step
 * end, however long it takes, and the cell gets the result; a second press ends the cell at once.
 *
 * @param work - gets the stop button's signal joined with `outer`, where there are any
 */
export async function stoppable<T>(
  work: (signal: AbortSignal | undefined) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const release = kernelApi()?.hold();
  const over = new AbortController();
  const signals = [cellSignal(), outer].filter((signal): signal is AbortSignal => signal !== undefined);
  try {
    return await work(signals.length > 1 ? anyOf(signals, over.signal) : signals[0]);
  } finally {
    over.abort();
    release?.();
  }
}

/** A signal that aborts with the first of `signals`; it stops listening to them when `over` aborts. */
function anyOf(signals: readonly AbortSignal[], over: AbortSignal): AbortSignal {
  const joined = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) joined.abort(signal.reason);
    signal.addEventListener('abort', () => joined.abort(signal.reason), { signal: over });
  }
  return joined.signal;
}
