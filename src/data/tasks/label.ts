import { accuracyScores } from '../metrics/accuracy.ts';
import type { Task } from '../task.ts';
import { feeling, joinFeelings, moods, twoFeelings } from '../world/moods.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** The label words, one per mood. */
export const labels: readonly string[] = Object.values(moods);

/** Sentence to the label word of one person's mood, scored by accuracy; the classification control. */
export function label(options?: TaskOptions): Task {
  return proceduralTask(
    {
      name: 'label',
      kind: 'classification',
      description: 'Name the mood of a person in a sentence with one of six label words (accuracy).',
      maxNewTokens: 6,
      example(random) {
        const all = random.chance(0.5) ? [feeling(random)] : twoFeelings(random);
        const asked = random.pick(all);
        return {
          prompt: `Sentence: ${joinFeelings(random, all)}\nMood of ${asked.person.name}:`,
          completion: ` ${moods[asked.mood]}`,
          meta: { label: moods[asked.mood], labels },
        };
      },
      score: accuracyScores,
    },
    options,
  );
}
