/**
 * Rates for the presets of the tiny model (src/session/presets.ts): each task, each method, a grid of rates, one seed.
 *   npx tsx bench/sweep.ts [--tasks a,b] [--method full] [--steps 300] [--rates 5e-4,1e-3,2e-3] [--zo-rates ...]
 * Appends to bench/results/sweep.md.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { open, tasks, type MethodName } from '../src/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    tasks: { type: 'string', default: Object.keys(tasks).join(',') },
    method: { type: 'string', default: 'full' },
    steps: { type: 'string', default: '300' },
    rates: { type: 'string', default: '5e-4,1e-3,2e-3' },
    'zo-rates': { type: 'string', default: '0' },
    examples: { type: 'string', default: '64' },
    model: { type: 'string', default: 'tiny' },
    seed: { type: 'string', default: '11' },
  },
});
const list = (text: string) => text.split(',').map(Number);
const [steps, examples, seed] = [args.steps, args.examples, args.seed].map(Number) as [
  number,
  number,
  number,
];
const out: string[] = [
  `\n## ${args.method}, ${steps} steps, ${machine()}\n`,
  `\`npx tsx bench/sweep.ts --method ${args.method} --tasks ${args.tasks} --steps ${steps} --rates ${args.rates} --zo-rates ${args['zo-rates']}\`\n`,
  '| task | rate FO | rate ZO | score before | score after | loss before | loss after | seconds a step |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
];
console.log(out.join('\n'));
for (const task of args.tasks.split(',')) {
  for (const rateFO of list(args.rates)) {
    for (const rateZO of list(args['zo-rates'])) {
      const s = await open({
        model: args.model,
        task,
        method: args.method as MethodName,
        seed,
        rateFO,
        rateZO,
        show: false,
      });
      const before = (await s.evaluate({ examples })).data;
      await s.run(steps);
      const after = (await s.evaluate({ examples })).data;
      const { seconds } = s.history.data.rows.at(-1)!;
      const score = (e: typeof after) => e.scores.values[e.scores.primary]!.toFixed(3);
      const row =
        `| ${task} (${after.scores.primary}) | ${rateFO} | ${rateZO} | ${score(before)} | ${score(after)} | ` +
        `${before.loss.toFixed(3)} | ${after.loss.toFixed(3)} | ${(seconds / steps).toFixed(2)} |`;
      console.log(row);
      out.push(row);
      await s.close();
    }
  }
}
mkdirSync('bench/results', { recursive: true });
appendFileSync('bench/results/sweep.md', out.join('\n') + '\n');
