import { describe, expect, it } from 'vitest';
import { tasks } from '../../src/data/index.ts';
import { open } from '../../src/session/index.ts';

/** Steps within which full fine-tuning must reach 60% of each metric's maximum. */
const LIMIT = 300;

describe('the tiny model', () => {
  it.each(Object.keys(tasks))(
    'scores low on %s at first, and full fine-tuning lifts it to 60%',
    { timeout: 300_000 },
    async (task) => {
      const s = await open({ task, method: 'full', seed: 1, show: false });
      const score = async () => {
        const { scores } = (await s.evaluate({ examples: 64 })).data;
        return scores.values[scores.primary]!;
      };
      expect(await score()).toBeLessThan(0.2);
      let reached = 0;
      while (reached < 0.6 && s.steps < LIMIT) {
        await s.run(50);
        reached = await score();
      }
      await s.close();
      expect(reached).toBeGreaterThanOrEqual(0.6);
    },
  );
});
