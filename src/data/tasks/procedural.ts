import { ConfigError } from '../../errors.ts';
import { Random } from '../random.ts';
import type { Example, Scores, Task } from '../task.ts';

/** How many examples of a procedural task to make, and from which seed. */
export interface TaskOptions {
  /** Seed of the examples; default 0. */
  seed?: number;
  /** Number of training examples; default 1000. */
  train?: number;
  /** Number of test examples; default 200. */
  test?: number;
}

/** What makes a procedural task: its fixed part, one example, and the score. */
export interface TaskRecipe {
  name: string;
  kind: Task['kind'];
  description: string;
  maxNewTokens: number;
  example(random: Random): Example;
  score(outputs: readonly string[], examples: readonly Example[]): Promise<Scores> | Scores;
}

/** Draws this many times the wanted number before it says that the recipe has too few different prompts. */
const patience = 50;

function draw(recipe: TaskRecipe, split: string, seed: number, wanted: number, seen: Set<string>): Example[] {
  const examples: Example[] = [];
  for (let index = 0; examples.length < wanted; index++) {
    if (index > wanted * patience) {
      throw new ConfigError(
        `Task ${recipe.name} has fewer than ${seen.size + 1} different prompts, ${wanted} ${split} examples were asked for. Ask for fewer.`,
      );
    }
    const example = recipe.example(new Random('task', recipe.name, split, seed, index));
    if (seen.has(example.prompt)) continue;
    seen.add(example.prompt);
    examples.push(example);
  }
  return examples;
}

/**
 * A task whose examples are drawn from the seed. No prompt occurs twice, so train and test are disjoint; the test
 * examples do not depend on the number of training examples. Throws ConfigError for counts that are no whole numbers.
 */
export function proceduralTask(recipe: TaskRecipe, options: TaskOptions = {}): Task {
  const { seed = 0, train = 1000, test = 200 } = options;
  for (const [key, value] of Object.entries({ train, test })) {
    if (!Number.isInteger(value) || value < 0) {
      throw new ConfigError(
        `Option ${key} of task ${recipe.name} is ${value}; give a whole number of examples, 0 or more.`,
      );
    }
  }
  const seen = new Set<string>();
  const testExamples = draw(recipe, 'test', seed, test, seen);
  const trainExamples = draw(recipe, 'train', seed, train, seen);
  return {
    name: recipe.name,
    kind: recipe.kind,
    description: recipe.description,
    maxNewTokens: recipe.maxNewTokens,
    train: trainExamples,
    test: testExamples,
    score: async (outputs, examples) => recipe.score(outputs, examples),
  };
}
