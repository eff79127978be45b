import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { CheckpointError } from '../../src/errors.ts';
import {
  safetensorsChunks,
  SafetensorsFile,
  sealOf,
  verifyFolder,
  writeFolder,
} from '../../src/formats/index.ts';
import { readRun } from '../../src/session/checkpoint/index.ts';
import { Json, number } from '../../src/session/checkpoint/json.ts';
import type { OpenOptions, Session } from '../../src/session/index.ts';
import { crashing } from '../formats/crashing-disk.ts';
import { filesOf } from './files-of.ts';
import { curve, start as opened, weights, whole } from './opened.ts';
import { testFolder } from './small-model.ts';

const at = testFolder();
const options: OpenOptions = { rateFO: 1e-3, rateZO: 1e-4, updateZO: 'adamw', queries: 2 };
let former: string; // a run saved after 2 steps
let next: string; // and after 4
let straight: Session;
let end: Awaited<ReturnType<typeof whole>>; // after 6

beforeAll(async () => {
  const folder = (name: string) => join(at.dir, name);
  [former, next] = [folder('former'), folder('next')];
  const s = await opened({ ...options, model: at.model });
  await s.run(2);
  await s.save(former);
  await s.run(2);
  await s.save(next);
  await s.close();
  straight = await opened({ ...options, model: at.model });
  await straight.run(6);
  end = await whole(straight, folder('end'));
  await straight.close();
});

const resume = (dir: string) => opened({ resume: dir });

/** The run in `dir` is that of `former` or `next`, byte by byte; one of each kind also goes on to the same end. */
async function soundAfterCrash(dir: string, seen: Set<number>): Promise<void> {
  const { about } = await readRun(dir);
  expect(await verifyFolder(dir)).toEqual(await verifyFolder(about.step === 2 ? former : next));
  if (seen.has(about.step)) return;
  seen.add(about.step);
  const s = await resume(dir);
  await s.run(6 - s.steps);
  expect(curve(s)).toEqual(end.curve);
  expect(await weights(s)).toEqual(end.weights);
  await s.close();
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests reach into the file wherever they like
type Edit = (json: any) => unknown;

/** A copy of a saved run with something changed, sealed anew. */
async function changed(
  name: string,
  edit: { json?: Edit; moments?: (name: string) => boolean },
): Promise<string> {
  const dir = join(at.dir, name);
  const json = JSON.parse(await readFile(join(next, 'hi-zfo.json'), 'utf8')) as Record<string, never>;
  edit.json?.(json);
  const file = await SafetensorsFile.open(join(next, 'optimizer.safetensors'));
  const updates = JSON.parse(file.metadata.get('updates')!) as Record<string, number>;
  const names = [...file.tensors.keys()].filter((n) => edit.moments?.(n) ?? true);
  const tensors = names.map((n) => ({
    name: n,
    shape: file.tensors.get(n)!.shape,
    data: () => file.read(n),
  }));
  const kept = Object.entries(updates).filter(([n]) => names.includes(`${n}.m`));
  const metadata = { format: 'pt', updates: JSON.stringify(Object.fromEntries(kept)) };
  const files = (await filesOf(next)).map((f) => {
    if (f.name === 'hi-zfo.json') return { name: f.name, chunks: () => [Buffer.from(JSON.stringify(json))] };
    if (f.name === 'optimizer.safetensors') {
      return { name: f.name, chunks: () => safetensorsChunks(tensors, metadata) };
    }
    return f;
  });
  await writeFolder(dir, files);
  await file.close();
  return dir;
}

describe('a save that is cut short', () => {
  it.each(['throws', 'stops for good'] as const)(
    'when the disk %s: the former run or the new one',
    async (how) => {
      const seen = new Set<number>();
      for (let n = 0; ; n++) {
        const dir = join(at.dir, `cut-${how.length}-${n}`);
        await cp(former, dir, { recursive: true });
        const disk = crashing(n, how);
        await writeFolder(dir, await filesOf(next), disk).catch(() => undefined);
        if (disk.done <= n) break;
        await soundAfterCrash(dir, seen);
        await rm(dir, { recursive: true });
      }
      expect([...seen].sort()).toEqual([2, 4]);
    },
    120_000,
  );

  it(
    'when the process is killed at any operation: the former run or the new one',
    { timeout: 120_000 },
    async () => {
      const script = join(at.dir, 'killed-write.mjs');
      await build({
        entryPoints: [join(import.meta.dirname, 'killed-write.ts')],
        outfile: script,
        bundle: true,
        platform: 'node',
        format: 'esm',
      });
      const seen = new Set<number>();
      for (let n = 0; ; n++) {
        const dir = join(at.dir, `killed-${n}`);
        await cp(former, dir, { recursive: true });
        const child = spawn(process.execPath, [script, next, dir, String(n)], { stdio: 'ignore' });
        const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
        if (code === 0) break; // it never came to the n-th operation
        expect(signal).toBe('SIGKILL');
        await soundAfterCrash(dir, seen);
        await rm(dir, { recursive: true });
      }
      expect([...seen].sort()).toEqual([2, 4]);
    },
  );
});

describe('what a checkpoint holds is needed: without one piece the run is another', () => {
  const cases: [string, Parameters<typeof changed>[1]][] = [
    ['the moments', { moments: () => false }],
    ['the moments of one tensor', { moments: (n) => !n.includes('layers.1.mlp.down_proj') }],
    ['the seed', { json: (j: object) => Object.assign(j, { seed: 4 }) }],
    [
      'the labels',
      {
        json: ({ state }: { state: { partitions: { labels: string }[] } }) => {
          for (const p of state.partitions) p.labels = p.labels.replaceAll('F', 'Z');
        },
      },
    ],
    [
      'the settings',
      { json: ({ state }: { state: { settings: { alpha: number }[] } }) => (state.settings[0]!.alpha = 0.5) },
    ],
  ];
  it.each(cases)('%s', async (name, edit) => {
    const dir = await changed(`without ${name}`, edit);
    const s = await resume(dir).catch((error: unknown) => {
      expect(error).toMatchObject({ message: expect.stringMatching(/other examples/) as unknown });
      return undefined; // another seed is another task
    });
    if (!s) return;
    await s.run(2);
    expect(await weights(s)).not.toEqual(end.weights);
  });

  it('the scalars of the seed log, to go back', async () => {
    const edit = ({ state }: { state: { steps: { scalars: number[] }[] } }) =>
      (state.steps[0]!.scalars[1]! *= 2);
    const [s, sound] = [await resume(await changed('without scalars', { json: edit })), await resume(next)];
    for (const run of [s, sound]) {
      await run.run(1);
      await run.rewind(4);
    }
    expect(await weights(s)).not.toEqual(await weights(sound));
  });

  it.each<[string, Edit, RegExp]>([
    ['the cursor', (j: { drawn: number }) => (j.drawn = 0), /drawn is 0; expected 16: 4 batches of 4/],
    [
      'the step',
      (j: { step: number; drawn: number }) => Object.assign(j, { step: 5, drawn: 20 }),
      /step is 5; expected 4/,
    ],
    [
      'a row',
      (j: { history: { rows: { loss: unknown[] } } }) => j.history.rows.loss.pop(),
      /rows\.loss is .*expected 4 values/,
    ],
    ['a step', (j: { state: { steps: unknown[] } }) => j.state.steps.pop(), /steps is .*expected 4 steps/],
    [
      'a tensor',
      (j: { state: { tensors: unknown[] } }) => j.state.tensors.pop(),
      /expected the model's tensors/,
    ],
    ['a label', (j: { state: { now: { labels: number } } }) => (j.state.now.labels = 7), /now\.labels is 7/],
  ])('%s, which is missed at once', async (name, edit, message) => {
    const dir = await changed(`damaged ${name}`, { json: edit });
    const live = tf.memory().numTensors;
    await expect(resume(dir)).rejects.toThrow(message);
    await expect(resume(dir)).rejects.toThrow(CheckpointError);
    expect(tf.memory().numTensors).toBe(live);
  });
});

describe('hi-zfo.json', () => {
  it('keeps every number to the bit', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        const text = JSON.stringify(number(x));
        expect(new Json(JSON.parse(text), 'x').number()).toBe(x);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('gives a CheckpointError or a right read, whatever is in it', { timeout: 60_000 }, async () => {
    const s = await resume(next);
    const { list } = s.model.parameters;
    const text = await readFile(join(next, 'hi-zfo.json'), 'utf8');
    const dir = join(at.dir, 'fuzzed');
    await cp(next, dir, { recursive: true });
    const manifest = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as {
      files: Record<string, unknown>;
    };
    const read = async (json: string) => {
      await writeFile(join(dir, 'hi-zfo.json'), json);
      manifest.files['hi-zfo.json'] = await sealOf(join(dir, 'hi-zfo.json'));
      await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
      try {
        const { state } = await (await readRun(dir)).restore(list);
        expect(state.rows.length).toBe(state.log.length);
        expect(state.log.every((record) => record.labels.entries.length === list.length)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    };
    // one member anywhere becomes something else, or is gone
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.oneof(fc.jsonValue(), fc.constant(undefined)), async (pick, value) => {
        const json = JSON.parse(text) as object;
        const places = placesIn(json);
        const [holder, key] = places[pick % places.length]!;
        if (value === undefined) Reflect.deleteProperty(holder, key);
        else Reflect.set(holder, key, value);
        await read(JSON.stringify(json));
      }),
      { numRuns: 250, seed: 5 },
    );
    // bytes are other ones, or end early
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.integer({ min: 32, max: 126 }),
        fc.boolean(),
        async (n, byte, cut) => {
          await read(
            cut ? text.slice(0, n) : text.slice(0, n) + String.fromCharCode(byte) + text.slice(n + 1),
          );
        },
      ),
      { numRuns: 150, seed: 6 },
    );
  });
});

/** Every member of every object and list in `json`. */
function placesIn(json: object): [object, string][] {
  return Object.entries(json).flatMap(([key, value]: [string, unknown]): [object, string][] => [
    [json, key],
    ...(typeof value === 'object' && value !== null ? placesIn(value) : []),
  ]);
}
