import { parentPort, workerData } from 'node:worker_threads';
import { Page } from './page.ts';
import { rasterize } from './rasterize.ts';
import type { Answer, Order } from './render.ts';

const port = parentPort;
if (!port) throw new Error('still-worker is started by renderPng, as a thread');

const page = new Page((workerData as { plotly: string }).plotly);

async function answer({ id, spec, width, height, scale }: Order): Promise<Answer> {
  try {
    return { id, png: rasterize(await page.draw(spec, width, height), scale) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

// One figure after the other: plotly keeps state between the steps of a drawing.
let last: Promise<void> = Promise.resolve();
port.on('message', (order: Order) => {
  last = last.then(async () => port.postMessage(await answer(order)));
});
