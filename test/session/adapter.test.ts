import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { describe, expect, it, vi } from 'vitest';
import { tf } from '../../src/engine/index.ts';
import { CheckpointError, ConfigError, FormatError } from '../../src/errors.ts';
import { generate, type AdapterOptions, type Parameter } from '../../src/model/index.ts';
import type { OpenOptions, Session } from '../../src/session/index.ts';
import { curve, start as opened, weights, whole } from './opened.ts';
import { testFolder, writeSmallModel } from './small-model.ts';

const at = testFolder();
const start = (options: OpenOptions = {}) => opened({ model: at.model, ...options });
const folder = (name: string) => join(at.dir, name);
const lora: AdapterOptions = { kind: 'lora', rank: 3, targets: 'q v down' };
const prefix: AdapterOptions = { kind: 'prefix', tokens: 4 };
const own = (s: Session) => s.parameters.filter((p) => p.base === undefined);
const under = (s: Session) => s.parameters.filter((p) => p.base !== undefined);
const namesOf = (list: readonly Parameter[]) => list.map((p) => p.name);
const tensorsOf = (s: Session, list: readonly Parameter[]) => list.map(s.model.parameters.get);

/** Which of the tensors were replaced by a call. */
async function movedBy(s: Session, work: () => Promise<unknown>): Promise<Parameter[]> {
  const before = tensorsOf(s, s.parameters);
  await work();
  return s.parameters.filter((p, i) => s.model.parameters.get(p) !== before[i]);
}

describe('tensors of an adapter', () => {
  it('stand where they are used, under the names of PEFT', async () => {
    const s = await start({ adapter: { kind: 'lora', targets: ['q_proj', 'layers.1.mlp.up_proj'] } });
    expect(namesOf(own(s))).toEqual(
      ['0.self_attn.q_proj', '1.self_attn.q_proj', '1.mlp.up_proj'].flatMap((module) =>
        ['A', 'B'].map((part) => `base_model.model.model.layers.${module}.lora_${part}.weight`),
      ),
    );
    const names = namesOf(s.parameters);
    const q = names.indexOf('model.layers.0.self_attn.q_proj.weight');
    expect(names.slice(q, q + 4)).toEqual([
      'model.layers.0.self_attn.q_proj.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight',
      'model.layers.0.self_attn.k_proj.weight',
    ]);
    const p = await start({ adapter: prefix });
    expect(own(p).map(({ name, shape, role, layer }) => [name, shape, role, layer])).toEqual(
      [0, 1].flatMap((l) =>
        ['key', 'value'].map((part) => [`prompt_embeddings.${l}.${part}`, [4, 8], `prefix-${part}`, l]),
      ),
    );
  });

  it('leave the model as it is where B is zero, and A is uniform within 1 / sqrt(inputs)', async () => {
    const base = await start();
    const s = await start({ adapter: { ...lora, rank: 64 } });
    expect(Math.abs((await s.heldOutLoss(8)) - (await base.heldOutLoss(8)))).toBeLessThan(1e-6);
    for (const p of own(s)) {
      const values = await s.model.parameters.get(p).data<'float32'>();
      const bound = p.name.includes('lora_A') ? 1 / Math.sqrt(p.shape[1]!) : 0;
      const square = values.reduce((sum, x) => sum + x * x, 0) / p.size;
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect(Math.abs(square - bound ** 2 / 3)).toBeLessThanOrEqual(0.05 * bound ** 2);
    }
    const again = await start({ adapter: { ...lora, rank: 64 } });
    const other = await start({ adapter: { ...lora, rank: 64 }, seed: 4 });
    expect(await weights(again)).toEqual(await weights(s));
    expect(await weights(other)).not.toEqual(await weights(s));
  });

  it('a prefix begins as the keys and values of tokens: the text after it has the loss that it has after those', async () => {
    const s = await start({ adapter: prefix });
    const base = await start();
    const values = await Promise.all(tensorsOf(s, own(s)).map((t) => t.data()));
    // which tokens they were is found by trying: the first layer's keys tell them apart
    const { vocabulary } = base.model.config;
    const ids = await firstTokens(base, values[0] as Float32Array, 4, vocabulary);
    const prompt = [5, 9, 23, 7];
    const options = { maxNewTokens: 6, eos: -1, pad: 0 };
    const after = await generate(base.model, [[...ids, ...prompt]], options);
    expect(await generate(s.model, [prompt], options)).toEqual(after);
  });
});

/** The tokens whose keys of layer 0 these are. */
async function firstTokens(s: Session, keys: Float32Array, count: number, vocabulary: number) {
  const { parameters, config } = s.model;
  const get = (name: string) => parameters.get(parameters.named(name)) as Tensor2D;
  const raw = tf.tidy(() => {
    const x = get('model.embed_tokens.weight');
    const normed = s.engine.ops.rmsNorm(
      x,
      get('model.layers.0.input_layernorm.weight') as unknown as Tensor1D,
      1e-5,
    );
    return s.engine.ops.linear(normed, get('model.layers.0.self_attn.k_proj.weight'));
  });
  const all = await raw.data();
  raw.dispose();
  const width = config.headDim;
  // a rotation keeps the norm of each pair of dimensions
  const pairs = (row: ArrayLike<number>, from: number) =>
    Array.from({ length: width / 2 }, (_, i) => Math.hypot(row[from + i]!, row[from + i + width / 2]!));
  return Array.from({ length: count }, (_, t) => {
    const wanted = pairs(keys, t * width);
    const distance = (id: number) =>
      pairs(all, id * width).reduce((sum, x, i) => sum + Math.abs(x - wanted[i]!), 0);
    return Array.from({ length: vocabulary }, (_, id) => id).reduce((best, id) =>
      distance(id) < distance(best) ? id : best,
    );
  });
}

describe('training', () => {
  it('MeZO on LoRA moves and copies nothing but the adapter', async () => {
    const s = await start({ method: 'mezo', adapter: lora });
    const { ops } = s.engine;
    const spies = [vi.spyOn(ops, 'perturb'), vi.spyOn(ops, 'addScaled')];
    const moved = await movedBy(s, () => s.run(2));
    const changed = spies.flatMap(({ mock }) => mock.calls.map(([w]) => w.shape.join()));
    vi.restoreAllMocks();
    expect(namesOf(moved)).toEqual(namesOf(own(s)));
    // two perturbed copies and an update of each, in each step
    expect(changed.length).toBe(2 * 3 * own(s).length);
    const shapes = new Set(own(s).map((p) => p.shape.join()));
    expect(changed.every((shape) => shapes.has(shape))).toBe(true);
    expect(s.labels!.entries.every((e) => e.label === (e.parameter.base ? 'frozen' : 'ZO'))).toBe(true);
  });

  it.each([
    ['lora', lora],
    ['prefix', prefix],
  ])('full fine-tuning of %s lowers the loss and leaves a frozen model alone', async (_, adapter) => {
    const s = await start({ method: 'full', adapter, rateFO: 3e-2 });
    const before = await s.heldOutLoss(8);
    const moved = await movedBy(s, () => s.run(12));
    expect(namesOf(moved)).toEqual(namesOf(own(s)));
    expect(await s.heldOutLoss(8)).toBeLessThan(before - 0.05);
  });

  it('Hi-ZFO splits the adapter by budget and moves the model under it by ZO estimates', async () => {
    const s = await start({ adapter: { ...lora, base: 'ZO' }, rateFO: 1e-2 });
    const { data: profile } = await s.profile();
    for (const e of profile.entries) {
      // the gradient of A is zero as long as B is
      const isB = e.parameter.name.includes('lora_B');
      expect(isB ? Math.abs(e.importance) : -e.importance === 0).toBeTruthy();
    }
    const { data: labels } = await s.partition({ rho: 0.9 });
    for (const { parameter: p, label, reason } of labels.entries) {
      if (p.base) expect([label, reason]).toEqual(['ZO', 'base']);
      else if (p.name.includes('lora_A')) expect([label, reason]).toEqual(['ZO', 'no gain']);
    }
    expect(labels.with('FO').every((p) => p.name.includes('lora_B'))).toBe(true);
    expect(labels.summary().achieved).toBeLessThanOrEqual(labels.budget!.share);
    const moved = await movedBy(s, () => s.run(3));
    expect(moved.length).toBe(s.parameters.length);
    await s.profile();
    const later = s.lastProfile!.entries.filter((e) => e.parameter.name.includes('lora_A'));
    expect(later.every((e) => e.importance !== 0)).toBe(true);
    expect(s.rows.every((row) => row.skipped === '' && Number.isFinite(row.coefficient))).toBe(true);
  });

  it('importance is profiled within the reach of a budget, of the adapter alone', async () => {
    const s = await start({ adapter: { ...lora, base: 'ZO' }, rateFO: 1e-2 });
    const { data: all } = await s.profile();
    const whole = (await s.partition({ rho: 0.6 })).data.entries.map((e) => e.label);
    const { data } = await s.profile({ rho: 0.6 });
    expect(data.entries.some((e) => !e.reached)).toBe(true);
    for (const [i, e] of data.entries.entries()) {
      if (e.parameter.base) expect([e.reached, e.importance]).toEqual([true, 0]);
      else if (e.reached)
        expect(e.importance * data.scale).toBeCloseTo(all.entries[i]!.importance * all.scale, 9);
    }
    expect((await s.partition({ rho: 0.6 })).data.entries.map((e) => e.label)).toEqual(whole);
  });

  it('the other way round: the model FO, the adapter ZO', async () => {
    const s = await start({ adapter: { ...lora, base: 'ZO' }, rateFO: 1e-3, rateZO: 1e-4 });
    await s.partition();
    s.promote('*.mlp.*');
    s.demote(['*.lora_A.weight', '*.lora_B.weight']);
    expect(s.labels!.with('FO').every((p) => p.base === 'ZO')).toBe(true);
    const moved = await movedBy(s, () => s.run(3));
    expect(moved.length).toBe(s.parameters.length);
    expect(s.rows.at(-1)!.gradientNorm).toBeGreaterThan(0);
  });

  it('a frozen model stays frozen under a glob that means it too', async () => {
    const s = await start({ adapter: lora });
    await s.partition();
    s.promote('layers.0.*');
    const fo = s.labels!.with('FO');
    expect(fo.some((p) => p.name.includes('layers.0.self_attn.q_proj.lora_A'))).toBe(true);
    expect(fo.every((p) => p.base === undefined)).toBe(true);
    expect(() => s.promote('model.embed_tokens.weight')).toThrow(/base: 'ZO'/);
    expect(under(s).every((p) => s.labels!.labelOf(p) === 'frozen')).toBe(true);
  });

  it.each([
    ['LoRA', lora],
    ['a prefix', prefix],
  ])('estimates over %s have the second moment of its dimension', async (_, adapter) => {
    const s = await start({ method: 'mezo', adapter, epsilon: 1e-3 });
    await s.run(1);
    const { data } = await s.variance({ draws: 400, queries: [1] });
    const d = own(s).reduce((n, p) => n + p.size, 0);
    const [row] = data.rows;
    expect(row!.law).toBe(d + 2);
    expect(Math.abs(row!.deviation)).toBeLessThan(4);
    expect(row!.secondMoment.standardError).toBeLessThan(0.15 * row!.law);
  });
});

const runs: [string, OpenOptions][] = [
  ['LoRA, frozen model', { adapter: lora, rateFO: 1e-2 }],
  ['LoRA, ZO model', { adapter: { ...lora, base: 'ZO' }, rateFO: 1e-2 }],
  ['a prefix, frozen model', { adapter: prefix, rateFO: 1e-2 }],
  ['a prefix of noise, ZO model', { adapter: { ...prefix, init: 'noise', base: 'ZO' }, rateFO: 1e-2 }],
  ['MeZO on LoRA', { adapter: lora, method: 'mezo' }],
];

describe.each(runs)('%s', (name, options) => {
  it('goes back and on, is saved and resumed, bit by bit', async () => {
    const straight = await start(options);
    await straight.run(14);
    const [rows, end, live] = [curve(straight), await weights(straight), tf.memory().numTensors];
    for (const back of [0, 11, 5]) {
      await straight.rewind(back);
      await straight.run(14 - back);
      expect(curve(straight)).toEqual(rows);
      expect(await weights(straight)).toEqual(end);
      expect(tf.memory().numTensors).toBe(live);
    }
    const cut = await start(options);
    await cut.run(6);
    const dir = folder(name);
    await cut.save(dir);
    const again = await opened({ resume: dir });
    expect(again.title).toBe(cut.title);
    await again.run(8);
    expect(await whole(again, folder(`${name} a`))).toEqual(await whole(straight, folder(`${name} b`)));
    await again.rewind(2);
    await again.run(12);
    expect(await weights(again)).toEqual(end);
    // another run begins where this one is
    const { adapter } = again.config;
    const model = adapter!.base === 'ZO' ? dir : at.model;
    const next = await start({ model, adapter: { from: dir, base: adapter!.base } });
    expect(await next.heldOutLoss(4)).toBe(await cut.heldOutLoss(4));
    await expect(start({ model: dir })).rejects.toThrow(/holds an adapter/);
  });
});

describe('files', () => {
  it('hold the adapter alone where the model is frozen', async () => {
    const s = await start({ adapter: lora, method: 'mezo' });
    await s.run(1);
    await s.save(folder('alone'));
    const { files } = JSON.parse(await readFile(join(folder('alone'), 'manifest.json'), 'utf8')) as { files: object }; // prettier-ignore
    expect(Object.keys(files).sort()).toEqual(
      ['adapter_config.json', 'adapter_model.safetensors', 'adapter_start.safetensors', 'hi-zfo.json', 'optimizer.safetensors'], // prettier-ignore
    );
    await s.save(folder('for-peft'), { state: false });
    const config = JSON.parse(
      await readFile(join(folder('for-peft'), 'adapter_config.json'), 'utf8'),
    ) as object;
    expect(config).toMatchObject({
      peft_type: 'LORA',
      r: 3,
      lora_alpha: 16,
      target_modules: ['q_proj', 'v_proj', 'down_proj'],
      base_model_name_or_path: at.model,
    });
  });

  it('merged into the weights it is the adapted model, and a run cannot go on from it', async () => {
    const s = await start({ adapter: { ...lora, base: 'ZO' }, rateFO: 1e-2 });
    await s.run(5);
    await s.save(folder('merged'), { merge: true });
    const plain = await start({ model: folder('merged') });
    expect(plain.parameters.length).toBe(under(s).length);
    expect(Math.abs((await plain.heldOutLoss(8)) - (await s.heldOutLoss(8)))).toBeLessThan(1e-6);
    await expect(s.save(folder('no'), { merge: true, state: true })).rejects.toThrow(ConfigError);
    const p = await start({ adapter: prefix });
    await expect(p.save(folder('no'), { merge: true })).rejects.toThrow(/prefix cannot be merged/);
  });

  it('a frozen model that has changed is not gone on with', async () => {
    const model = folder('changing');
    await writeSmallModel(model);
    const s = await start({ model, adapter: lora, method: 'mezo' });
    await s.run(1);
    await s.save(folder('of-changing'));
    const path = join(model, 'model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 2]! ^= 1;
    await writeFile(path, bytes);
    await expect(opened({ resume: folder('of-changing') })).rejects.toThrow(CheckpointError);
  });
});

describe('generation with a prefix', () => {
  it.each([{}, { beams: 3 }, { temperature: 1, seed: 2 }])(
    '%o: the same with and without a cache',
    async (how) => {
      const s = await start({ adapter: prefix, method: 'full', rateFO: 3e-2 });
      await s.run(3);
      const prompts = [[5, 9, 23, 7, 40], [12, 3], [800]];
      const options = { maxNewTokens: 7, eos: 2, pad: 0, ...how };
      const cached = await generate(s.model, prompts, options);
      expect(await generate(s.model, prompts, { ...options, cache: false })).toEqual(cached);
      const base = await start();
      expect(await generate(base.model, prompts, options)).not.toEqual(cached);
    },
  );
});

describe('what is refused', () => {
  it.each<[string, AdapterOptions, RegExp]>([
    ['rank 0', { kind: 'lora', rank: 0 }, /rank is 0/],
    ['half a rank', { kind: 'lora', rank: 1.5 }, /rank is 1.5/],
    ['alpha 0', { kind: 'lora', alpha: 0 }, /alpha is 0/],
    ['a target that is not there', { kind: 'lora', targets: 'q c_attn' }, /"c_attn" means no module/],
    ['a target that is no linear module', { kind: 'lora', targets: 'embed_tokens' }, /means no module/],
    ['no target', { kind: 'lora', targets: [] }, /no targets/],
    ['no token', { kind: 'prefix', tokens: 0 }, /0 tokens/],
    ['a prefix longer than the model', { kind: 'prefix', tokens: 127 }, /no room/],
    ['another init', { kind: 'prefix', init: 'zero' as 'noise' }, /init is "zero"/],
    ['another base', { kind: 'lora', base: 'FO' as 'ZO' }, /base is "FO"/],
    ['another kind', { kind: 'ia3' } as never, /kind is "ia3"/],
    ['a folder and a kind', { from: 'x', kind: 'lora' } as never, /as it was/],
    ['no folder', { from: '/nowhere' }, /There is no/],
  ])('%s', async (_, adapter, message) => {
    const live = tf.memory().numTensors;
    const failed = start({ adapter });
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(live);
  });

  it('more text than a prefix leaves room for', async () => {
    await expect(start({ adapter: { kind: 'prefix', tokens: 100 }, maxLength: 29 })).rejects.toThrow(
      /28 positions/,
    );
    const s = await start({ adapter: { kind: 'prefix', tokens: 100 }, maxLength: 28 });
    await expect(s.generate('to be', { maxNewTokens: 28 })).rejects.toThrow(/28 positions/);
  });

  it('the adapter of another model', async () => {
    const goldens = join(import.meta.dirname, '..', 'goldens', 'adapters');
    for (const name of ['gpt2-lora', 'llama-lora', 'llama-prefix', 'bloom-lora']) {
      const live = tf.memory().numTensors;
      await expect(start({ adapter: { from: join(goldens, name) } })).rejects.toThrow(FormatError);
      expect(tf.memory().numTensors).toBe(live);
    }
  });
});
