import { afterEach } from 'vitest';
import { setSink } from '../../src/notebook/index.ts';
import { open, type OpenOptions, type Session } from '../../src/session/index.ts';

const sessions: Session[] = [];

afterEach(async () => {
  setSink(undefined);
  for (const s of sessions.splice(0)) await s.close().catch(() => undefined);
});

/** A small session on the tiny model, closed after the test. */
export async function start(options: OpenOptions = {}): Promise<Session> {
  const own = { task: 'label', seed: 3, batchSize: 4 };
  const s = await open({ ...own, show: false, ...options });
  sessions.push(s);
  return s;
}

/** The values of every tensor. */
export async function weights(s: Session): Promise<Float32Array[]> {
  const { list, get } = s.model.parameters;
  return Promise.all(list.map(async (p) => (await get(p).data()).slice() as Float32Array));
}
