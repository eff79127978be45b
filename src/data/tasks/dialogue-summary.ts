import { rougeScores } from '../metrics/rouge.ts';
import type { Task } from '../task.ts';
import { dialogue, scene, type Scene } from '../world/scenes.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** One sentence with the facts that the dialogue settles. */
export function summary({ a, b, facts: f }: Scene): string {
  switch (f.kind) {
    case 'plan':
      return `${a.name} and ${b.name} will meet at the ${f.place} on ${f.day} at ${f.hour}.`;
    case 'purchase':
      return `${a.name} buys a ${f.colour} ${f.thing} from ${b.name} for ${f.price} coins.`;
    case 'lost':
      return `${b.name} tells ${a.name} that the lost ${f.thing} is at the ${f.place}.`;
    case 'loan':
      return `${b.name} lends ${a.name} a ${f.thing} until ${f.day}.`;
    case 'gift':
      return `${a.name} and ${b.name} will give ${f.c.name} a ${f.thing}, no ${f.rejected}.`;
    case 'excuse':
      return `${b.name} is ${f.excuse}, so ${a.name} may visit the ${f.place} with ${f.c.name}.`;
    case 'order':
      return `${b.name} orders ${f.food} with ${f.drink} from ${a.name} for ${f.price} coins.`;
    case 'repair':
      return `${b.name} will mend the ${f.thing} of ${a.name} on ${f.day} at the ${f.place}.`;
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
        const lines = dialogue(random, s).map((turn) => `${turn.speaker}: ${turn.text}`);
        return { prompt: `Dialogue:\n${lines.join('\n')}\nSummary:`, completion: ` ${summary(s)}` };
      },
      score: rougeScores,
    },
    options,
  );
}
