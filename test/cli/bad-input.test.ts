import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const tiny = join(root, 'models', 'tiny');
let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'hi-zfo-cli-'))));
afterAll(() => rm(dir, { recursive: true }));

function hiZfo(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    const main = join(root, 'src', 'cli', 'main.ts');
    execFile(process.execPath, ['--import', 'tsx', main, ...args], { cwd: root }, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

/** A copy of the tiny model with one thing wrong. */
async function broken(name: string, spoil: (at: string) => Promise<void>): Promise<string> {
  const at = join(dir, name);
  await cp(tiny, at, { recursive: true });
  await spoil(at);
  return at;
}

const editConfig = (fields: object) => async (at: string) => {
  const path = join(at, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, ...fields }));
};
const editWeights = (edit: (bytes: Buffer) => Buffer) => async (at: string) => {
  const path = join(at, 'model.safetensors');
  await writeFile(path, edit(await readFile(path)));
};

const rows = '{"prompt": "a", "completion": "b"}\n';

describe('hi-zfo train refuses, with exit code 1 and nothing written,', () => {
  const cases: [string, () => string[] | Promise<string[]>, RegExp][] = [
    ['a missing model', () => ['--model', join(dir, 'none')], /no model folder .*none/],
    [
      'an unknown flag',
      () => ['--modle', 'x'],
      /no option --modle\. Did you mean --model\? hi-zfo train --help/,
    ],
    ['a word too many', () => ['label'], /argument 'label'.*\. hi-zfo train --help/],
    ['steps that are no number', () => ['--steps', 'many'], /--steps is many; give a number/],
    ['no steps', () => ['--steps', '0'], /--steps is 0/],
    ['an unknown method', () => ['--method', 'sgd'], /method is "sgd"; take one of hi-zfo/],
    ['an unknown task', () => ['--task', 'poems'], /no task poems\. Take dialogue-summary/],
    ['an unknown engine', () => ['--engine', 'tpu'], /tpu/],
    ['rho out of range', () => ['--rho', '1.5'], /rho is 1.5/],
    ['a negative rate', () => ['--rate-fo=-1'], /rateFO is -1/],
    ['epsilon 0', () => ['--epsilon', '0'], /epsilon is 0/],
    ['a missing data file', () => ['--data', join(dir, 'none.jsonl')], /none\.jsonl/],
    [
      'an empty task',
      async () => {
        await writeFile(join(dir, 'empty.jsonl'), '');
        return ['--data', join(dir, 'empty.jsonl')];
      },
      /empty/,
    ],
    [
      'a bad line of data',
      async () => {
        await writeFile(join(dir, 'bad.jsonl'), rows + '{"prompt": \n');
        return ['--data', join(dir, 'bad.jsonl')];
      },
      /bad\.jsonl.*2/,
    ],
    [
      'an unknown model_type',
      async () => ['--model', await broken('type', editConfig({ model_type: 'mamba' }))],
      /model_type is "mamba". Supported: llama/,
    ],
    [
      'sizes that do not fit',
      async () => ['--model', await broken('size', editConfig({ hidden_size: 96, head_dim: 32 }))],
      /shape/,
    ],
    [
      'truncated weights',
      async () => [
        '--model',
        await broken(
          'cut',
          editWeights((b) => b.subarray(0, b.length - 100)),
        ),
      ],
      /not a readable safetensors file/,
    ],
    [
      'an unknown dtype',
      async () => [
        '--model',
        await broken(
          'dtype',
          editWeights((b) => Buffer.from(b.toString('latin1').replace('"F32"', '"F31"'), 'latin1')),
        ),
      ],
      /dtype "F31"/,
    ],
    [
      'NaN weights',
      async () => [
        '--model',
        await broken(
          'nan',
          editWeights((b) => {
            b.writeFloatLE(NaN, b.length - 4);
            return b;
          }),
        ),
      ],
      /holds NaN/,
    ],
    [
      'a tokenizer that is not there',
      async () => ['--model', await broken('tokens', (at) => rm(join(at, 'tokenizer.json')))],
      /tokenizer\.json/,
    ],
    // as root it looks writable and is not; a place to write to is tried before the model is looked for
    [
      'a folder that cannot be made',
      () => ['--out', process.platform === 'linux' ? '/proc/hi-zfo' : ' ', '--model', join(dir, 'none')],
      /Cannot save to \/proc\/hi-zfo: .*Give another folder|no folder to save to/,
    ],
  ];

  it.each(cases)('%s', async (_, args, message) => {
    const given = await args();
    const out = join(dir, 'trained');
    const { code, err } = await hiZfo(
      'train',
      ...(given.includes('--steps') ? [] : ['--steps', '1']),
      '--out',
      out,
      ...given,
    );
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n {4}at /); // a message, not a stack
    expect(code).toBe(1);
    expect(await readdir(dir)).not.toContain('trained');
  });
});

describe('hi-zfo', () => {
  it('trains on a file and writes a folder that loads', { timeout: 120_000 }, async () => {
    const data = join(dir, 'good.jsonl');
    await writeFile(
      data,
      Array.from({ length: 12 }, (_, i) => `{"prompt": "Say ${i}:", "completion": " ${i + 1}"}`).join('\n'),
    );
    const out = join(dir, 'good');
    const first = await hiZfo(
      'train',
      '--data',
      data,
      '--steps',
      '2',
      '--batch',
      '2',
      '--held-out',
      '1',
      '--out',
      out,
      '--json',
    );
    expect(first.err).toBe('');
    expect(first.code).toBe(0);
    const lines = first.out
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(lines.filter((l) => 'loss' in l).length).toBe(2);
    expect(lines.at(-1)).toEqual({ saved: out });
    const again = await hiZfo(
      'train',
      '--model',
      out,
      '--data',
      data,
      '--steps',
      '1',
      '--batch',
      '2',
      '--json',
    );
    expect(again.code).toBe(0);
  });

  it('says what it can do', async () => {
    expect((await hiZfo('--help')).out).toMatch(/hi-zfo train/);
    expect((await hiZfo('engine')).out).toMatch(/wasm/);
    expect((await hiZfo('fly')).code).toBe(1);
    expect((await hiZfo('tarin')).err).toMatch(/no command tarin\. Did you mean train\?/);
  });
});
