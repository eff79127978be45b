import { expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { DeviceBatch, loadModel } from '../../src/model/index.ts';
import { PackedBatch } from '../../src/model/packed.ts';
import { tinyModel } from '../../src/session/tiny.ts';
import { noLeaks } from '../no-leaks.ts';

it('holds each beginning once, and nothing that no target needs', async () => {
  const engine = await openEngine('wasm');
  await engine.activate();
  const { config } = await loadModel(engine, tinyModel());
  await noLeaks(async () => {
    // after [7 8] the first two sequences part; the third begins otherwise, so its [8 9] is not theirs
    const ids = Int32Array.from([7, 8, 9, 4, 0, 7, 8, 3, 9, 9, 2, 8, 9, 0, 0]);
    const positions = Int32Array.from([1, 2, 7, 8, 12]);
    const batch = new DeviceBatch({ ids, batch: 3, length: 5, positions, targets: positions }, config);
    const packed = await PackedBatch.of(batch);
    expect([...(await packed.ids.data())]).toEqual([7, 8, 9, 3, 9, 2, 8, 9]);
    packed.dispose();
    batch.dispose();
  });
});
