import { rougeScores } from '../metrics/rouge.ts';
import type { Task } from '../task.ts';
import { dialogue, scene, transcript, type Scene } from '../world/scenes.ts';
import { proceduralTask, type TaskOptions } from './procedural.ts';

/** The facts that the dialogue settles as one headline: few words but facts, so that ROUGE rewards those. */
export function summary({ a, b, facts: f }: Scene): string {
  switch (f.kind) {
    case 'plan':
      return `${a.name} meets ${b.name} at ${f.place}, ${f.day} at ${f.hour}.`;
    case 'purchase':
      return `${a.name} buys ${f.colour} ${f.thing}, pays ${b.name} ${f.price}.`;
    case 'lost':
      return `${b.name} saw ${f.thing} of ${a.name} at ${f.place}.`;
    case 'loan':
      return `${b.name} lends ${a.name} ${f.thing} until ${f.day}.`;
    case 'gift':
      return `${a.name} and ${b.name} give ${f.c.name} ${f.thing}, no ${f.rejected}.`;
    case 'excuse':
      return `${b.name} ${f.excuse}, ${a.name} visits ${f.place} with ${f.c.name}.`;
    case 'order':
      return `${b.name} orders ${f.food} and ${f.drink}, pays ${a.name} ${f.price}.`;
    case 'repair':
      return `${b.name} mends ${f.thing} of ${a.name} at ${f.place}, ${f.day}.`;
  }
}

/** Dialogue to one-sentence summary in headline style, scored by ROUGE-L F1 with stemming. */
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
