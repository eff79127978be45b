import { inspect } from 'node:util';
import { inTurn } from '../engine/index.ts';
import { ConfigError } from '../errors.ts';
import { encodePrompt, passAtK, type Example, type Generation, type Scores } from '../data/index.ts';
import { cutAtStop, DeviceBatch, generate, lossOf, type Decoder } from '../model/index.ts';
import type { Evaluation } from '../train/index.ts';
import type { BatchSource } from './batches.ts';
import { checkStop } from './generate.ts';

/** Rows that go through the model together, and tokens that they hold at most, which bounds the cache. */
const CHUNK = { rows: 32, tokens: 8192 };

/** What to evaluate on; everything about generation (beams, temperature, stop, ...) goes over the task's own way. */
export interface EvaluateOptions extends Generation {
  /** Number of held-out examples, from the first on; defaults to 64 or all there are. */
  examples?: number;
  /** Examples of the test (default) or of the validation. */
  split?: 'test' | 'validation';
  /** Most tokens of a text; defaults to the task's. */
  maxNewTokens?: number;
  /** Texts an example, which need a temperature above 0: pass@k is then estimated from them. Defaults to 1. */
  samples?: number;
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, of: number) => void;
}

/** The first of a source's examples to evaluate on. Throws ConfigError for a number or a split that is none. */
export function heldOut(
  source: BatchSource,
  { examples = 64, split = 'test' }: Pick<EvaluateOptions, 'examples' | 'split'> = {},
): readonly Example[] {
  if (!Number.isSafeInteger(examples) || examples < 1) {
    throw new ConfigError(`examples is ${inspect(examples)}; give a whole number from 1 on.`);
  }
  if (split !== 'test' && split !== 'validation') {
    throw new ConfigError(`split is ${JSON.stringify(split)}; take 'test' or 'validation'.`);
  }
  return source[split].slice(0, examples);
}

/** Mean loss over the supervised tokens of `examples` under the model's weights. */
export async function evaluateLoss(
  model: Decoder,
  source: BatchSource,
  examples: readonly Example[],
  signal?: AbortSignal,
): Promise<number> {
  if (examples.length === 0) {
    throw new ConfigError(
      `Task ${source.task.name} has no held-out example. Give \`test\`: a second file or a number of rows.`,
    );
  }
  let sum = 0;
  let count = 0;
  for (let i = 0; i < examples.length; i += source.size) {
    signal?.throwIfAborted();
    const tokens = source.of(examples.slice(i, i + source.size));
    const batch = new DeviceBatch(tokens, model.config);
    try {
      const loss = await inTurn(model.engine, () => lossOf(model, model.parameters.get, batch));
      sum += loss * tokens.targets.length;
    } finally {
      batch.dispose();
    }
    count += tokens.targets.length;
  }
  return sum / count;
}

/** Generates texts for held-out examples, in the task's own way unless told another, and scores them by its measure. */
export async function evaluateTask(
  model: Decoder,
  source: BatchSource,
  step: number,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { task } = source;
  const { examples: most, split, samples = 1, maxNewTokens, signal, onProgress, ...given } = options;
  const examples = heldOut(source, { examples: most, split });
  const how = { ...task.generation, ...given };
  if (!Number.isSafeInteger(samples) || samples < 1) {
    throw new ConfigError(`samples is ${inspect(samples)}; give a whole number from 1 on.`);
  }
  if (samples > 1 && !(how.temperature! > 0)) {
    throw new ConfigError(
      `${samples} samples of an example would be the same text. Give a temperature above 0 with them.`,
    );
  }
  checkStop(how.stop ?? []);
  await task.ready?.();
  const loss = await evaluateLoss(model, source, examples, signal);
  const each = examples.flatMap((example) => Array<Example>(samples).fill(example));
  const outputs = await generateTexts(model, source, each, { ...how, maxNewTokens, signal }, (done) =>
    onProgress?.(Math.floor(done / samples), examples.length),
  );
  const scores = await task.score(outputs, each);
  return {
    step,
    loss,
    scores: samples === 1 ? scores : pooled(scores, samples),
    examples,
    outputs: outputs.filter((_, i) => i % samples === 0),
  };
}

/** One text for each of `examples`. */
async function generateTexts(
  model: Decoder,
  source: BatchSource,
  examples: readonly Example[],
  options: Generation & Pick<EvaluateOptions, 'maxNewTokens' | 'signal'>,
  onDone: (done: number) => void,
): Promise<string[]> {
  const { task, tokenizer } = source;
  const { stop = [], beams = 1, signal, maxNewTokens: asked = task.maxNewTokens, ...rest } = options;
  // a model too short for the task's longest answer keeps half of its positions for the prompt
  const maxNewTokens = Math.min(asked, model.config.maxPositions >> 1);
  const room = Math.min(source.maxLength, model.config.maxPositions - maxNewTokens);
  const { eos, pad } = tokenizer;
  const decode = (ids: readonly number[]) => tokenizer.decode(ids);
  const outputs: string[] = [];
  const perChunk = Math.min(CHUNK.rows, CHUNK.tokens / (room + maxNewTokens)) / beams;
  const chunk = Math.max(1, Math.floor(perChunk));
  for (let i = 0; i < examples.length; i += chunk) {
    const prompts = examples.slice(i, i + chunk).map((e) => encodePrompt(tokenizer, e, room));
    const how = {
      ...rest,
      maxNewTokens,
      beams,
      eos,
      pad,
      firstRow: i,
      stop: { strings: stop, decode },
      signal,
    };
    const rows = await inTurn(model.engine, () => generate(model, prompts, how));
    outputs.push(...rows.map((row) => cutAtStop(decode(row), stop)));
    onDone(outputs.length);
  }
  return outputs;
}

/** Scores of several texts an example: means, and pass@k where a text is right or wrong. */
function pooled({ primary, values, each }: Scores, samples: number): Scores {
  const groups = Array.from({ length: each.length / samples }, (_, i) =>
    each.slice(i * samples, (i + 1) * samples),
  );
  const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0) / all.length;
  const best =
    primary === 'pass@1'
      ? { [`pass@${samples}`]: mean(groups.map((g) => passAtK(samples, g.filter(Boolean).length, samples))) }
      : {};
  return { primary, values: { ...values, ...best }, each: groups.map(mean) };
}
