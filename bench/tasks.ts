/**
 * The paper's six tasks on a real model: a batch of each with its supervised tokens marked, and the scores of a few held-out
 * examples. What it shows is that every task goes all the way; scores of so few examples and short texts say nothing.
 *   npx tsx bench/tasks.ts --model ./SmolLM2-135M [--data ../shared/data] [--tasks gsm8k,dialogsum] [--examples 8]
 *     [--tokens 32] [--beams 4] [--length 512]
 * --tokens cuts the task's own longest text, --beams the task's own number of beams. A task without data is left out.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { open, openEngine, published } from '../src/index.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string' },
    data: { type: 'string', default: '../shared/data' },
    tasks: { type: 'string', default: Object.keys(published).join(',') },
    examples: { type: 'string', default: '8' },
    tokens: { type: 'string' },
    beams: { type: 'string' },
    length: { type: 'string' },
  },
});
if (!args.model) throw new Error('Give --model DIR, the folder of a Hugging Face model.');
const engine = await openEngine('auto');
console.log(`${machine()}\n${engine.describe().summary}\n`);

for (const name of args.tasks.split(',')) {
  const data = [join(args.data, name), join(args.data, `${name}.jsonl`)].find(existsSync);
  if (!data) {
    console.log(`${name}: left out, no data in ${args.data}\n`);
    continue;
  }
  const started = performance.now();
  const s = await open({
    model: args.model,
    task: name,
    data,
    engine,
    show: false,
    batchSize: 2,
    ...(args.length && { maxLength: Number(args.length) }),
  });
  console.log(String(s.batch()));
  for (const { text } of s.events.slice(1)) console.log(`  ${text}`);
  const { scores, loss, examples, outputs } = (
    await s.evaluate({
      examples: Number(args.examples),
      ...(args.tokens && { maxNewTokens: Number(args.tokens) }),
      ...(args.beams && { beams: Number(args.beams) }),
    })
  ).data;
  const all = Object.entries(scores.values).map(([metric, x]) => `${metric} ${x.toFixed(3)}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`  output of the first: ${JSON.stringify(outputs[0])}`);
  console.log(
    `${name}: ${all.join(', ')}, loss ${loss.toFixed(3)} on ${examples.length} examples, ${seconds} s\n`,
  );
  await s.close();
}
