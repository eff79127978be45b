import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';
import type { FigureSpec } from './flatten.ts';

export type { FigureSpec } from './flatten.ts';

/** Size of a still; `scale` is image pixels per CSS pixel. */
export interface StillSize {
  width: number;
  height: number;
  scale?: number;
}

export interface Order {
  id: number;
  spec: FigureSpec;
  width: number;
  height: number;
  scale: number;
}
export type Answer = { id: number; png: Uint8Array } | { id: number; error: string };

interface Waiting {
  resolve: (png: Buffer) => void;
  reject: (error: Error) => void;
}

const SCALE = 1.5;
const WIDTH = 720;
/** Plotly's own. */
const HEIGHT = 450;
/** Plotly with jsdom takes about 120 MB; a figure that needs more than this is not drawn. */
const HEAP_MB = 1024;

interface Renderer {
  worker: Worker | undefined;
  ordered: number;
  waiting: Map<number, Waiting>;
}

const SHARED = Symbol.for('hi-zfo.still-renderer');
/** The kernel and the library are two builds of this file in one process: they share one thread. */
const renderer: Renderer = ((globalThis as { [SHARED]?: Renderer })[SHARED] ??= {
  worker: undefined,
  ordered: 0,
  waiting: new Map(),
});
const { waiting } = renderer;

function fail(ended: Worker, error: Error): void {
  if (renderer.worker !== ended) return;
  renderer.worker = undefined;
  for (const { reject } of waiting.values()) reject(error);
  waiting.clear();
}

function start(): Worker {
  const root = packageRoot();
  const file = join(root, 'dist', 'still-worker.mjs');
  if (!existsSync(file))
    throw new EngineError(`The renderer of stills is missing: ${file}. In a checkout run: npm run build`);
  const plotly = createRequire(join(root, 'package.json')).resolve('plotly.js-dist/plotly.js');
  const started = new Worker(file, {
    workerData: { plotly },
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  started.on('message', (answer: Answer) => {
    const request = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) started.unref();
    if ('png' in answer) request?.resolve(Buffer.from(answer.png));
    else request?.reject(new EngineError(`plotly.js could not draw the figure: ${answer.error}`));
  });
  started.on('error', (error: Error) =>
    fail(
      started,
      new EngineError(`The renderer of stills died: ${error.message}. The next figure starts a new one.`),
    ),
  );
  started.on('exit', (code) =>
    fail(started, new EngineError(`The renderer of stills ended (exit code ${code}).`)),
  );
  return started;
}

function number(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value > 0 ? value : otherwise;
}

/**
 * Draws a plotly figure as PNG, with plotly.js itself in a thread of its own (started by the first call). Fonts are
 * those of the package, so a figure looks the same on every machine. Surfaces are drawn as seen from above.
 *
 * @param spec - data and layout of the figure, as for Plotly.newPlot
 * @param size - pixels; by default the layout's size or 720 x 450, at 1.5 image pixels per pixel
 * @throws EngineError when plotly cannot draw it or the build is missing
 * @example
 * writeFileSync('loss.png', await renderPng({ data: [{ y: [3, 2, 1] }] }));
 */
export async function renderPng(spec: FigureSpec, size?: StillSize): Promise<Buffer> {
  const thread = (renderer.worker ??= start());
  const order: Order = {
    id: ++renderer.ordered,
    spec: JSON.parse(JSON.stringify(spec)) as FigureSpec,
    width: size?.width ?? number(spec.layout?.width, WIDTH),
    height: size?.height ?? number(spec.layout?.height, HEIGHT),
    scale: size?.scale ?? SCALE,
  };
  return new Promise<Buffer>((resolve, reject) => {
    waiting.set(order.id, { resolve, reject });
    // The thread must not keep the process alive, except while somebody waits for a figure.
    thread.ref();
    thread.postMessage(order);
  });
}

/** Ends the renderer's thread; figures still waited for are rejected. */
export async function closeRenderer(): Promise<void> {
  const ending = renderer.worker;
  if (!ending) return;
  fail(ending, new EngineError('The renderer of stills was closed.'));
  await ending.terminate();
}
