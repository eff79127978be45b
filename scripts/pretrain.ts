/**
 * Trains the tiny model that ships from random weights on text of the procedural world, by this library's own
 * gradients and AdamW.   npx tsx scripts/pretrain.ts [--tokens 3500000] [--rate 3e-3] [--seed 1] [--out models/tiny]
 * Deterministic for a seed and engine; prints the loss as it goes and writes a log beside the model card.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadTokenizer, pretrainingTokens } from '../src/data/index.ts';
import { openEngine } from '../src/engine/index.ts';
import { tf } from '../src/engine/tf.ts';
import { safetensorsChunks, writeFolder, type FileToWrite } from '../src/formats/index.ts';
import {
  DeviceBatch,
  Decoder,
  lossAndGradients,
  lossOf,
  parseConfig,
  weightsToWrite,
} from '../src/model/index.ts';
import { tensorId } from '../src/noise/index.ts';
import { AdamW } from '../src/optimize/index.ts';

const { values: args } = parseArgs({
  options: {
    tokens: { type: 'string', default: '3500000' },
    rate: { type: 'string', default: '3e-3' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'models/tiny' },
    batch: { type: 'string', default: '8' },
    length: { type: 'string', default: '128' },
  },
});
const [seed, rate, batch, length] = [args.seed, args.rate, args.batch, args.length].map(Number) as [
  number,
  number,
  number,
  number,
];
const tokenizer = await loadTokenizer(args.out);
const raw = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: tokenizer.size,
  hidden_size: 128,
  intermediate_size: 352,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  max_position_embeddings: 256,
  tie_word_embeddings: true,
  attention_bias: false,
  mlp_bias: false,
  eos_token_id: tokenizer.eos,
  torch_dtype: 'float32',
};
const config = parseConfig(raw);
const engine = await openEngine('wasm');
await engine.activate();
console.log(engine.describe().summary);

const model = new Decoder(engine, config);
for (const p of model.parameters.list) {
  if (p.shape.length === 1) {
    model.parameters.replace(p, tf.ones([...p.shape]));
    continue;
  }
  // 1 / sqrt(inputs), less where a layer writes into the residual stream
  const residual = p.role === 'o' || p.role === 'down' ? 1 / Math.sqrt(2 * config.layers) : 1;
  const std = p.role === 'embedding' ? 0.02 : residual / Math.sqrt(p.shape[1]!);
  const u = engine.ops.noise(
    [...p.shape],
    { seed, step: 0xffffffff, query: 0, tensor: tensorId(p.name) },
    'gaussian',
  );
  model.parameters.replace(p, u.mul(std));
  u.dispose();
}

const rows = batch * length;
const steps = Math.floor(Number(args.tokens) / rows);
const held = windows(pretrainingTokens(tokenizer, seed + 1, rows + 1), 0);
const text = pretrainingTokens(tokenizer, seed, steps * rows + 1);
const optimizer = new AdamW(engine, { weightDecay: 0.1, beta2: 0.95 });
const log: { step: number; loss: number; held: number }[] = [];
let running = NaN;
const started = Date.now();
console.log(
  `${model.parameters.size} parameters, ${steps} steps of ${rows} tokens, vocabulary ${tokenizer.size}`,
);

for (let step = 0; step < steps; step++) {
  const device = new DeviceBatch(windows(text, step * rows), config);
  const { loss, gradients } = await lossAndGradients(
    model,
    model.parameters.get,
    device,
    model.parameters.list,
  );
  device.dispose();
  const norm = Math.sqrt(await engine.ops.dot([...gradients.values()].map((g) => [g, g] as const)));
  if (!Number.isFinite(norm)) throw new Error(`step ${step}: gradient norm ${norm}`);
  for (const [p, g] of gradients) {
    const cut = g.mul(Math.min(1, 1 / norm));
    const next = optimizer.propose(p, model.parameters.get(p), cut, rate * warmCosine(step));
    next.commit();
    model.parameters.replace(p, next.w);
    tf.dispose([g, cut]);
  }
  running = Number.isNaN(running) ? loss : 0.98 * running + 0.02 * loss;
  if ((step + 1) % 100 === 0 || step + 1 === steps) {
    const check = new DeviceBatch(held, config);
    const heldLoss = await lossOf(model, model.parameters.get, check);
    check.dispose();
    log.push({ step: step + 1, loss: running, held: heldLoss });
    const seconds = (Date.now() - started) / 1000;
    const left = (seconds / (step + 1)) * (steps - step - 1);
    console.log(
      `step ${step + 1}/${steps}  loss ${running.toFixed(3)}  held out ${heldLoss.toFixed(3)}  ` +
        `${Math.round(((step + 1) * rows) / seconds)} tokens/s  ${Math.round(left)} s left`,
    );
  }
  if ((step + 1) % 1000 === 0 || step + 1 === steps) await save();
}

/** Writes the model beside its tokenizer. */
async function save(): Promise<void> {
  const files: FileToWrite[] = [];
  const add = (name: string, data: string | Buffer) =>
    files.push({ name, chunks: () => [Buffer.from(data)] });
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'README.md']) {
    const data = await readFile(join(args.out, name)).catch(() => undefined);
    if (data) add(name, data);
  }
  add('config.json', JSON.stringify(raw, null, 2) + '\n');
  add('pretraining.json', JSON.stringify({ ...args, out: undefined, log }, null, 1) + '\n');
  files.push({ name: 'model.safetensors', chunks: () => safetensorsChunks(weightsToWrite(model)) });
  await writeFolder(args.out, files);
}

function windows(text: Int32Array, from: number) {
  const ids = text.slice(from, from + rows);
  return {
    ids,
    batch,
    length,
    positions: Int32Array.from({ length: rows }, (_, i) => i),
    targets: text.slice(from + 1, from + rows + 1),
  };
}

/** Factor on the rate: 2% linear warm-up, then a cosine down to 5%. */
function warmCosine(step: number): number {
  const warm = Math.max(20, 0.02 * steps);
  if (step < warm) return (step + 1) / warm;
  return 0.05 + 0.475 * (1 + Math.cos((Math.PI * (step - warm)) / (steps - warm)));
}
