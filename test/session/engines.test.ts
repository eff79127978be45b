import { expect, it } from 'vitest';
import type { OpenOptions } from '../../src/session/index.ts';
import { curve, start, weights } from './opened.ts';
import { testFolder } from './small-model.ts';

const at = testFolder();

it('sessions on two engines train at once as each does alone, whatever else is opened and measured', async () => {
  const options: OpenOptions = { model: at.model, rateFO: 1e-3, law: 'sphere', queries: 2 };
  const on = (engine: 'cpu' | 'wasm') => start({ ...options, engine });
  const train = async (s: Awaited<ReturnType<typeof on>>) => {
    await s.probe({ every: 2, draws: 2 }).run(3);
    await s.rewind(1);
    await s.run(1);
    const texts = await s.generate('a label', { maxNewTokens: 2 });
    return { curve: curve(s), weights: await weights(s), texts, loss: await s.heldOutLoss(4) };
  };
  const alone = [await train(await on('cpu')), await train(await on('wasm'))];
  const [a, b] = [await on('cpu'), await on('wasm')];
  const [one, two] = await Promise.all([train(a), train(b), on('cpu'), on('wasm')]);
  expect(one).toEqual(alone[0]);
  expect(two).toEqual(alone[1]);
});
