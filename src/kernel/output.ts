import { StringDecoder } from 'node:string_decoder';

/** Receives what the process prints. */
export type StreamSink = (name: 'stdout' | 'stderr', text: string) => void;

function redirect(name: 'stdout' | 'stderr', sink: StreamSink): void {
  const decoder = new StringDecoder('utf8');
  const write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
    if (text !== '') sink(name, text);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  const stream: { write: unknown } = process[name];
  stream.write = write;
}

const ownError = process.stderr.write.bind(process.stderr);

/** From now on everything that is printed goes to `sink`, also from callbacks of cells that have ended. */
export function captureStreams(sink: StreamSink): void {
  redirect('stdout', sink);
  redirect('stderr', sink);
}

/** A line for the kernel's own log (the terminal of the Jupyter server), never for a cell. */
export function log(line: string): void {
  ownError(`hi-zfo kernel: ${line}\n`);
}
