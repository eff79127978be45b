import { randomUUID } from 'node:crypto';
import { kernelApi, type DisplayOptions, type MimeBundle } from './kernel-api.ts';
import { richest, stockTslab, type TslabDisplay } from './stock-tslab.ts';
import { Terminal } from './terminal.ts';

/** A place that shows mime bundles. */
export interface DisplaySink {
  /** What kind of place it is: `kernel` updates entries and takes whole bundles, `tslab` takes one mime a message. */
  readonly kind: 'kernel' | 'tslab' | 'terminal' | 'injected';
  display(data: MimeBundle, id: string, options: DisplayOptions): void;
}

const HINT =
  'hi-zfo: this is stock tslab, which shows stills only; the kernel "TypeScript (Hi-ZFO)" shows live figures (npm start).';

function tslabSink(tslab: NonNullable<ReturnType<typeof stockTslab>>): DisplaySink {
  const entries = new Map<string, TslabDisplay>();
  let hinted = false;
  return {
    kind: 'tslab',
    display(data, id) {
      const rich = richest(data);
      if (!rich) return;
      if (!hinted) console.log(HINT);
      hinted = true;
      const entry = entries.get(id) ?? tslab.newDisplay();
      entries.set(id, entry);
      entry.raw(...rich);
    },
  };
}

function terminalSink(terminal: Terminal): DisplaySink {
  return { kind: 'terminal', display: (data, id, options) => terminal.display(data, id, options) };
}

let injected: DisplaySink | undefined;
let tslab: DisplaySink | undefined;
let terminal: DisplaySink | undefined;
const tracked = new Set<Promise<unknown>>();

/** Sends everything that is shown to `sink` from now on; `undefined` goes back to the natural place. Returns the sink before. */
export function setSink(sink: DisplaySink | undefined): DisplaySink | undefined {
  const before = injected;
  injected = sink;
  return before;
}

/** Where things are shown: an injected sink, the hi-zfo kernel, stock tslab, or else the terminal as plain text. */
export function currentSink(): DisplaySink {
  if (injected) return injected;
  const kernel = kernelApi();
  if (kernel)
    return { kind: 'kernel', display: (data, id, options) => void kernel.display(data, { ...options, id }) };
  const stock = stockTslab();
  if (stock) return (tslab ??= tslabSink(stock));
  return (terminal ??= terminalSink(new Terminal()));
}

/**
 * Shows a mime bundle and returns the name of its display entry, by which it can be updated.
 *
 * @example
 * const id = show({ 'text/html': '<b>3</b>', 'text/plain': '3' });
 * show({ 'text/html': '<b>4</b>', 'text/plain': '4' }, { id, update: true });
 */
export function show(data: MimeBundle, options: DisplayOptions = {}): string {
  const id = options.id ?? randomUUID();
  currentSink().display(data, id, options);
  return id;
}

/** Makes the running cell wait for this work, and `settled()` too. */
export function track(work: Promise<unknown>): void {
  kernelApi()?.track(work);
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  tracked.add(ended);
  void ended.then(() => tracked.delete(ended));
}

/** Resolves when everything that is shown has its final form. The hi-zfo kernel waits for this after every cell. */
export async function settled(): Promise<void> {
  while (tracked.size > 0) await Promise.all(tracked);
}
