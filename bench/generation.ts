/**
 * Are ZO estimates worse in generation than in classification? (docs/generation-and-classification.md)
 * One model, the same rows, context, weights, moved tensors, epsilon, q, batch size and directions; only the supervised output differs:
 * a label word or the text after it, n tokens of it, a softmax over few tokens or over all. For each, `measureRoutes`.
 *   npx tsx bench/generation.ts [--model tiny | DIR] [--data ../shared/data/gsm8k] [--states 0,16,64] [--fresh] [--page]
 * `--states` are steps of fine-tuning of the moved tensors on whole completions. Every cell is saved when it is done: stop it (Ctrl+C)
 * and run it again to go on; `--fresh` begins anew, `--page` only writes what is there. Writes bench/results/generation-NAME.{md,json} and docs/generation-NAME.png.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Tensor2D } from '@tensorflow/tfjs';
import {
  AdamW,
  DeviceBatch,
  lossAndGradients,
  loadTokenizer,
  open,
  type Example,
  type TokenBatch,
} from '../src/index.ts';
import { closeRenderer } from '../src/plot/still/index.ts';
import { significant } from '../src/plot/words.ts';
import {
  measureRoutes,
  modelObjective,
  statesBelow,
  targetsBetween,
  type Routes,
} from '../src/variance/index.ts';
import { drawStudy, lineOf, studyPage, type Study } from './generation-page.ts';
import { BEFORE_TEXT, cells, cut, gsm8kTask, tinyTask, type Cell } from './generation-task.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    model: { type: 'string', default: 'tiny' },
    data: { type: 'string', default: '../shared/data/gsm8k' },
    states: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});
const tiny = args.model === 'tiny';
const name = tiny ? 'tiny' : 'smollm2';
/** `layers` upper ones move; `rows` a batch, `draws` and `tries` on each; tuning takes `tuned` rows a step at `rate`; tokens of rows. */
const plan = tiny
  ? { states: [0, 16, 64], layers: 3, rows: 4, batches: 10, draws: 32, tries: 8, steps: 8, tuned: 16, rate: 1e-3, prompt: 96, least: 1, most: 64, outputs: [1, 2, 4, 8, Infinity], vocabularies: [256] } // prettier-ignore
  : { states: [0, 16], layers: 4, rows: 4, batches: 6, draws: 5, tries: 2, steps: 4, tuned: 4, rate: 2e-4, prompt: 64, least: 35, most: 160, outputs: [1, 8, 32], vocabularies: [4096] }; // prettier-ignore
if (args.states) plan.states = args.states.split(',').map(Number);

const path = join('bench', 'results', `generation-${name}.json`);
if (args.page) {
  await writePage(JSON.parse(readFileSync(path, 'utf8'), revive) as Study);
  process.exit(0);
}

const { task, labels } = tiny ? tinyTask(1) : gsm8kTask(args.data);
const tokenizer = await loadTokenizer(tiny ? join('models', 'tiny') : args.model);
const fits = (e: Example) => {
  const [prompt, completion] = [e.prompt, e.completion].map((text) => tokenizer.encode(text).length) as [number, number]; // prettier-ignore
  return prompt <= plan.prompt && completion >= plan.least && completion <= plan.most;
};
const kept = { ...task, train: task.train.filter(fits), test: task.test.filter(fits) };
const s = await open({ model: args.model, task: kept, method: 'full', seed: 1, show: false, batchSize: plan.tuned, maxLength: plan.prompt + plan.most + 2 }); // prettier-ignore
const { model } = s;
const { layers, vocabulary } = model.config;
const moved = model.parameters.list.filter((p) => p.layer >= layers - plan.layers && p.layer < layers);
const batches = Array.from({ length: plan.batches }, (_, b) => s.source.of(s.source.test.slice(b * plan.rows, (b + 1) * plan.rows))); // prettier-ignore

const setting = {
  ...plan,
  outputs: plan.outputs.map(String),
  model: basename(args.model),
  moved: moved.length,
  vocabulary,
  labels,
};
const study: Study = readStudy() ?? {
  machine: machine(),
  setting,
  examples: examplesOf(kept),
  seconds: 0,
  points: [],
};
process.once('SIGINT', () => {
  console.log(`\nStopped; ${study.points.length} cells are in ${path}. Run the same command to go on.`);
  process.exit(130);
});

/** States below the moved tensors: these weights never change, so each batch goes through them once for all cells with its tokens. */
const below = new Map<string, (Tensor2D | undefined)[]>();
const optimizer = new AdamW(model.engine);
let steps = 0;
for (const state of plan.states) {
  for (; steps < state; steps++) {
    const loss = await tune(targetsBetween(s.source.at(steps), 0, BEFORE_TEXT + plan.outputs.at(-1)!));
    console.log(`tuning, step ${steps + 1}: loss ${significant(loss)}`);
  }
  for (const cell of cells(labels.length, plan.outputs, plan.vocabularies)) {
    if (study.points.some((p) => p.state === state && p.name === cell.name)) continue;
    const started = performance.now();
    const routes = await measure(cell);
    const seconds = (performance.now() - started) / 1000;
    study.points.push({ state, name: cell.name, seconds, routes: { ...routes, reports: [], noise: { ...routes.noise, tensors: [] } } }); // prettier-ignore
    study.seconds += seconds;
    writeStudy();
    console.log(`${state} steps, ${cell.name} (${significant(seconds)} s): ${lineOf(routes)}`);
  }
}
await writePage(study);
await s.close();

async function measure(cell: Cell): Promise<Routes> {
  const shown = cut(batches, cell, { labels, tokenizer, size: vocabulary });
  const made = shown.map((b) => new DeviceBatch(b, model.config));
  try {
    const key = `${cell.part} ${cell.output}`;
    if (!below.has(key)) below.set(key, made.map((b) => statesBelow(model, b, moved))); // prettier-ignore
    const on = made.map((b, i) => modelObjective(model, b, moved, { below: below.get(key)![i] }));
    return await measureRoutes(on, { draws: plan.draws, tries: plan.tries, steps: plan.steps, seed: 1 });
  } finally {
    made.forEach((b) => b.dispose());
  }
}

/** One step of AdamW on the moved tensors; the loss before it. */
async function tune(tokens: TokenBatch): Promise<number> {
  const batch = new DeviceBatch(tokens, model.config);
  const { loss, gradients } = await lossAndGradients(model, model.parameters.get, batch, moved);
  for (const p of moved) {
    const next = optimizer.propose(p, model.parameters.get(p), gradients.get(p)!, plan.rate);
    model.parameters.replace(p, next.w);
    next.commit();
    gradients.get(p)!.dispose();
  }
  batch.dispose();
  return loss;
}

function examplesOf({ train }: { train: readonly Example[] }): string[] {
  return train.slice(0, 2).map((e) => `${e.prompt}${e.completion}`);
}

/** What an earlier run of the same setting has measured. */
function readStudy(): Study | undefined {
  if (args.fresh || !existsSync(path)) return undefined;
  const found = JSON.parse(readFileSync(path, 'utf8'), revive) as Study;
  const same = JSON.stringify({ ...found.setting, states: 0 }) === JSON.stringify({ ...setting, states: 0 });
  return same ? found : undefined;
}

async function writePage(found: Study): Promise<void> {
  const command = `npx tsx bench/generation.ts${tiny ? '' : ' --model DIR'}`;
  writeFileSync(path.replace('.json', '.md'), studyPage(found, command));
  writeFileSync(join('docs', `generation-${name}.png`), await drawStudy(found));
  await closeRenderer();
}

function writeStudy(): void {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(path, JSON.stringify(study, (_, x: unknown) => (Number.isNaN(x) ? 'NaN' : x), 1) + '\n');
}

function revive(_: string, x: unknown): unknown {
  return x === 'NaN' ? NaN : x;
}
