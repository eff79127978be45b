import { document } from '../src/data/world/index.ts';
import { tasks } from '../src/data/tasks/index.ts';

/**
 * Prints text of the procedural world: `tsx scripts/world.ts [documents] [seed]` prints pretraining documents divided by
 * an empty line; `tsx scripts/world.ts --task NAME [examples] [seed]` prints training examples of a task as JSON lines.
 */
const args = process.argv.slice(2);
const at = args.indexOf('--task');
const name = at < 0 ? undefined : args.splice(at, 2)[1];
const [total, seed] = [Number(args[0] ?? 10), Number(args[1] ?? 0)];

if (name === undefined) {
  for (let i = 0; i < total; i++) process.stdout.write(`${document(seed, i)}\n\n`);
} else {
  const make = tasks[name];
  if (!make) throw new Error(`No task named ${name}. Tasks: ${Object.keys(tasks).join(', ')}.`);
  for (const example of make({ seed }).train.slice(0, total))
    process.stdout.write(`${JSON.stringify(example)}\n`);
}
