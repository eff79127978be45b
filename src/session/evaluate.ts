import { ConfigError } from '../errors.ts';
import type { Example } from '../data/index.ts';
import { DeviceBatch, generate, lossOf, type Llama } from '../model/index.ts';
import type { Evaluation } from '../train/index.ts';
import type { BatchSource } from './batches.ts';

/** Examples that go through the model together. */
const CHUNK = 32;

export interface EvaluateOptions {
  /** Number of held-out examples, from the first on; defaults to 64 or all there are. */
  examples?: number;
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, of: number) => void;
}

/** Mean loss over the supervised tokens of `examples` under the model's weights. */
export async function evaluateLoss(
  model: Llama,
  source: BatchSource,
  examples: readonly Example[],
): Promise<number> {
  if (examples.length === 0) {
    throw new ConfigError(
      `Task ${source.task.name} has no held-out example. Give \`test\`: a second file or a number of rows.`,
    );
  }
  let sum = 0;
  let count = 0;
  for (let i = 0; i < examples.length; i += source.size) {
    const tokens = source.of(examples.slice(i, i + source.size));
    const batch = new DeviceBatch(tokens, model.config);
    try {
      sum += (await lossOf(model, model.parameters.get, batch)) * tokens.targets.length;
    } finally {
      batch.dispose();
    }
    count += tokens.targets.length;
  }
  return sum / count;
}

/** Generates a completion for held-out examples, greedily, and scores them by the task's own measure. */
export async function evaluateTask(
  model: Llama,
  source: BatchSource,
  step: number,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { task, tokenizer } = source;
  const examples = source.test.slice(0, options.examples ?? 64);
  const loss = await evaluateLoss(model, source, examples);
  const outputs: string[] = [];
  // a model too short for the task's longest answer keeps half of its positions for the prompt
  const maxNewTokens = Math.min(task.maxNewTokens, model.config.maxPositions >> 1);
  const room = model.config.maxPositions - maxNewTokens;
  for (let i = 0; i < examples.length; i += CHUNK) {
    options.signal?.throwIfAborted();
    const prompts = examples.slice(i, i + CHUNK).map((e) => tokenizer.encode(e.prompt).slice(-room));
    const { eos, pad } = tokenizer;
    const ids = await generate(model, prompts, {
      maxNewTokens,
      eos,
      pad,
      signal: options.signal,
    });
    outputs.push(...ids.map((row) => tokenizer.decode(row)));
    options.onProgress?.(outputs.length, examples.length);
  }
  return { step, loss, scores: await task.score(outputs, examples), examples, outputs };
}
