import { join } from 'node:path';
import { afterEach } from 'vitest';
import { SafetensorsFile } from '../../src/formats/index.ts';
import { setSink } from '../../src/notebook/index.ts';
import { open, type OpenOptions, type Session } from '../../src/session/index.ts';

const sessions: Session[] = [];

afterEach(async () => {
  setSink(undefined);
  for (const s of sessions.splice(0)) await s.close().catch(() => undefined);
});

/** A small session on the tiny model, closed after the test. */
export async function start(options: OpenOptions = {}): Promise<Session> {
  const own = options.resume === undefined ? { task: 'label', seed: 3, batchSize: 4 } : {};
  const s = await open({ ...own, show: false, ...options });
  sessions.push(s);
  return s;
}

const ofTheMachine = new Set<string>(['seconds', 'stepSeconds', 'residentBytes', 'tensorBytes']);

/** The history rows without what depends on the machine and the moment: all that is left must be the same again. */
export function curve(s: Session) {
  return s.rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([key]) => !ofTheMachine.has(key))),
  );
}

/** The values of every tensor. */
export async function weights(s: Session): Promise<Float32Array[]> {
  const { list, get } = s.model.parameters;
  return Promise.all(list.map(async (p) => (await get(p).data()).slice() as Float32Array));
}

/** Rows, weights and moments: two runs that have these in common are the same run. */
export async function whole(s: Session, dir: string) {
  await s.save(dir);
  const { tensors, metadata } = await contents(join(dir, 'optimizer.safetensors'));
  return { curve: curve(s), weights: await weights(s), moments: tensors, updates: metadata.get('updates') };
}

async function contents(path: string) {
  const file = await SafetensorsFile.open(path);
  const tensors: [string, Float32Array][] = [];
  for (const name of file.tensors.keys()) tensors.push([name, await file.read(name)]);
  await file.close();
  return { tensors, metadata: file.metadata };
}
