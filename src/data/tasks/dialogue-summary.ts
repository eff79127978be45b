import { rougeScores } from '../metrics/rouge.ts';
import type { Task } from '../task.ts';
import { dialogue, scene, transcript, type Scene } from '../world/scenes.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/**
 * What the dialogue settles, in one sentence: what kind of talk it was, how it ended, and its facts. Nobody is named: who
 * said what is beyond a model of this size.
 */
export function summary({ facts: f }: Scene): string {
  switch (f.kind) {
    case 'plan':
      return `The two will meet at the ${f.place} on ${f.day} at ${f.hour}.`;
    case 'purchase':
      return f.asked === f.price
        ? `The ${f.thing} is sold at once for the ${f.price} coins asked.`
        : `The ${f.thing} is sold for ${f.price} coins, less than was asked.`;
    case 'lost':
      return `The lost ${f.thing} can be found at the ${f.place}.`;
    case 'loan':
      return `A ${f.thing} is lent to a friend until ${f.day}.`;
    case 'gift':
      return `As a present they choose a ${f.thing}, not a ${f.rejected}.`;
    case 'excuse':
      return `The one invited to the ${f.place} is ${f.excuse}, so a third may come.`;
    case 'order':
      return `A guest orders ${f.food} with ${f.drink} and pays ${f.price} coins.`;
    case 'repair':
      return `The broken ${f.thing} will be mended on ${f.day} at the ${f.place}.`;
  }
}

/** Dialogue to one-sentence summary, scored by ROUGE-L F1 with stemming. */
export function dialogueSummary(options?: TaskOptions): Task {
  return proceduralTask(
    {
      name: 'dialogue-summary',
      kind: 'generation',
      description: 'Sum up a short dialogue in one sentence (ROUGE-L).',
      maxNewTokens: 24,
      example(random) {
        const s = scene(random);
        const text = transcript(dialogue(random, s));
        return { prompt: `Dialogue: ${text}\nSummary:`, completion: ` ${summary(s)}` };
      },
      score: rougeScores,
    },
    options,
  );
}
