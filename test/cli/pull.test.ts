import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseModel, dataSources } from '../../src/cli/pull-choice.ts';
import { pullCommand } from '../../src/cli/pull.ts';
import { ConfigError, FormatError, HiZfoError } from '../../src/errors.ts';

/** A hub on this machine: repositories in memory, with faults to order. */
interface Repo {
  files: Record<string, Buffer>;
  /** What the listing says instead of the truth. */
  listed?: { path: string; size?: number; oid?: string; lfs?: { oid: string; size: number } }[];
}
type Fault = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

let hub: Server;
let address: string;
let dir: string;
let repos: Record<string, Repo>;
let requests: { url: string; range?: string; token?: string }[];
let faults: Fault[];

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const blob = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

function listing({ files, listed }: Repo): object[] {
  if (listed) return listed.map((f) => ({ type: 'file', size: 1, ...f }));
  return Object.entries(files).map(([path, bytes]) => {
    const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 100 };
    return { type: 'file', path, size: bytes.length, oid: blob(bytes), ...(bytes.length > 1000 && { lfs }) };
  });
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = decodeURIComponent(request.url!);
  const { range, authorization: token } = request.headers;
  requests.push({ url, range, token });
  const [, api, name, path] =
    /^\/(api\/)?(?:models\/|datasets\/)?(\w+\/[\w-]+)\/(?:tree|resolve)\/(?:main|refs\/convert\/parquet)\/?([^?]*)/.exec(
      url,
    ) ?? [];
  const repo = name === undefined ? undefined : repos[name];
  if (!repo) return void response.writeHead(404).end('{}');
  if (api) {
    response.setHeader('content-type', 'application/json');
    return void response.end(JSON.stringify(listing(repo)));
  }
  const body = repo.files[path!];
  if (!body) return void response.writeHead(404).end();
  if (faults[0]?.(request, response, body)) return void faults.shift();
  const from = startOf(request);
  if (from > 0) {
    response.writeHead(206, { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` });
  }
  response.end(body.subarray(from));
}

/** First byte that a request asks for. */
const startOf = (request: IncomingMessage) =>
  Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);

const big = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) >>> 3));
const small = { 'config.json': Buffer.from('{"a": 1}'), 'tokenizer.json': Buffer.from('{}') };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hi-zfo-pull-'));
  repos = { 'me/model': { files: { ...small, 'model.safetensors': big, 'README.md': Buffer.from('no') } } };
  [requests, faults] = [[], []];
  hub = createServer(answer);
  await new Promise<void>((done) => hub.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  vi.stubEnv('HF_ENDPOINT', address);
  vi.stubEnv('HF_TOKEN', undefined);
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  hub.closeAllConnections();
  await new Promise((done) => hub.close(done));
  await rm(dir, { recursive: true });
});

const pull = (...args: string[]) => pullCommand.run([...args, '--to', join(dir, 'to')]);
const at = (name: string) => join(dir, 'to', name);
/** Breaks the connection after `bytes` bytes of what was asked for. */
const cutAfter =
  (bytes: number): Fault =>
  (request, response, body) => {
    if (body !== big) return false;
    const from = startOf(request);
    const range = { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` };
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': body.length - from,
      ...(from > 0 && range),
    });
    response.write(body.subarray(from, from + bytes), () => response.destroy());
    return true;
  };

describe('hi-zfo pull model', () => {
  it('fetches what a model needs and no more, and nothing a second time', async () => {
    await pull('model', 'me/model');
    expect((await readdir(dir + '/to')).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
    expect(await readFile(at('config.json'))).toEqual(small['config.json']);
    const before = requests.length;
    await pull('model', 'me/model');
    expect(requests.length).toBe(before + 1); // the listing
  });

  it('goes on within a run when the connection breaks', async () => {
    faults = [cutAfter(100_000), cutAfter(1000)];
    await pull('model', 'me/model');
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
    const ranges = requests.filter((r) => r.url.endsWith('model.safetensors')).map((r) => r.range);
    expect(ranges.length).toBe(3);
    expect(ranges[0]).toBeUndefined();
    expect(Number(/\d+/.exec(ranges[2]!)![0])).toBeGreaterThan(0);
  });

  it('goes on in a later run from what an interrupted one left', async () => {
    faults = [200_000, 0, 0, 0].map(cutAfter);
    await expect(pull('model', 'me/model')).rejects.toThrow(
      /broke 3 times after \d+ of 300000 bytes\. Run the same command again/,
    );
    const { size } = await stat(at('model.safetensors.part'));
    expect(size).toBeGreaterThan(0);
    requests = [];
    await pull('model', 'me/model');
    expect(requests.at(-1)!.range).toBe(`bytes=${size}-`);
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
    expect((await readdir(dir + '/to')).filter((f) => f.endsWith('.part'))).toEqual([]);
  });

  it('starts over when the server knows no ranges, or the part is too long', async () => {
    await mkdir(dir + '/to');
    await writeFile(at('model.safetensors.part'), big.subarray(0, 1000));
    faults = [(_, response, body) => (body === big ? (response.end(body), true) : false)]; // 200 to a range request
    await pull('model', 'me/model');
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
    await rm(at('model.safetensors'));
    await writeFile(at('model.safetensors.part'), Buffer.concat([big, big]));
    await pull('model', 'me/model');
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
  });

  it.each([
    ['model.safetensors', 'SHA-256'],
    ['config.json', "git's SHA-1"],
  ])('removes %s when its %s is not the hub’s, and keeps the file that was there', async (name) => {
    await mkdir(dir + '/to');
    await writeFile(at(name), 'before');
    faults = [0, 1, 2].map(() => (_, response, body) => {
      if (body !== (name === 'config.json' ? small[name] : big)) return false;
      const wrong = Buffer.from(body);
      wrong[3]! ^= 1;
      response.end(wrong);
      return true;
    });
    await expect(pull('model', 'me/model')).rejects.toThrow(FormatError);
    expect((await readdir(dir + '/to')).filter((f) => f.endsWith('.part'))).toEqual([]);
    expect(await readFile(at(name), 'utf8')).toBe('before');
    faults = [];
    await pull('model', 'me/model'); // and a second try is whole
    expect(big.equals(await readFile(at('model.safetensors')))).toBe(true);
  });

  it('gives up on a server that stalls, and says so', async () => {
    faults = [(_, response, body) => body === big && response.write(body.subarray(0, 10))];
    await expect(pull('model', 'me/model', '--timeout', '0.3')).rejects.toThrow(
      /sent nothing for 0\.3 s\. Run the same command again/,
    );
    const silent = createServer(() => undefined);
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await expect(pull('model', 'me/model', '--timeout', '0.2')).rejects.toThrow(/sent nothing for 0\.2 s/);
    silent.closeAllConnections();
    silent.close();
  });

  it.each([401, 403, 404, 500])('says what status %d means', async (status) => {
    faults = [(_, response) => (response.writeHead(status).end(), true)];
    const message = {
      401: /refuses config\.json of me\/model \(401\)\. Without HF_TOKEN there is no access: it is gated/,
      403: /\(403\).*Accept its terms on .*me\/model and set HF_TOKEN/,
      404: /has no config\.json of me\/model at revision main/,
      500: /answers 500 .* Try again later/,
    }[status]!;
    const failed = expect(pull('model', 'me/model')).rejects;
    await failed.toThrow(message);
  });

  it('says when there is no such repository', async () => {
    await expect(pull('model', 'me/none')).rejects.toThrow(
      /has no model me\/none at revision main\. Check the name/,
    );
    await expect(pull('model', 'me/none')).rejects.toThrow(HiZfoError);
  });

  it('sends the token to the hub and not to where it redirects', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const seen: (string | undefined)[] = [];
    const store = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(big);
    });
    await new Promise<void>((done) => store.listen(0, '127.0.0.1', done));
    const elsewhere = `http://localhost:${(store.address() as AddressInfo).port}/blob`;
    faults = [
      (_, response, body) => body === big && (response.writeHead(302, { location: elsewhere }).end(), true),
    ];
    await pull('model', 'me/model');
    expect(requests.every((r) => r.token === 'Bearer hf_secret')).toBe(true);
    expect(seen).toEqual([undefined]);
    store.closeAllConnections();
    store.close();
  });

  it.each(['../evil', '/etc/evil', 'a/../../evil', 'a\\..\\evil', 'C:evil', 'a//b', 'a\0b'])(
    'writes no file that is listed as %j',
    async (path) => {
      repos['me/model'] = { files: {}, listed: [{ path, oid: 'x' }] };
      await expect(pull('model', 'me/model', '--include', '**')).rejects.toThrow(
        /lists a file named .* not written/,
      );
      expect(await readdir(dir)).toEqual([]);
    },
  );

  it('says by name what to fetch where without the hub', async () => {
    vi.stubEnv('HF_ENDPOINT', 'http://localhost:1');
    await expect(pull('model', 'me/model')).rejects.toThrow(
      /Cannot reach http:\/\/localhost:1 \(.*\)\. Without it,/,
    );
    await expect(pull('model', 'me/model')).rejects.toThrow(
      /put them into .*\/to: config\.json, .*tokenizer\.json, .*model\.safetensors/,
    );
    await expect(pull('data', 'gsm8k')).rejects.toThrow(/datasets\/openai\/gsm8k .*: main\/\*\.parquet\.$/);
    expect(await readdir(dir)).toEqual([]);
  });

  it.each([
    [['model'], /Say what to pull/],
    [['poem', 'x'], /Say what to pull/],
    [['model', '../x'], /is no name on the hub/],
    [['model', 'a/b/c'], /is no name on the hub/],
    [['data', 'mnist'], /no data set mnist\. Take gsm8k, humaneval/],
    [['model', 'me/model', '--revision', '../x'], /--revision is \.\.\/x/],
    [['model', 'me/model', '--timeout', 'never'], /--timeout is never/],
    [
      ['model', 'me/model', '--include', '*.bin'],
      /No file of me\/model matches \*\.bin\. It holds config\.json/,
    ],
  ])('refuses %j', async (args, message) => {
    await expect(pull(...args)).rejects.toThrow(message);
    await expect(pull(...args)).rejects.toThrow(ConfigError);
  });
});

describe('hi-zfo pull data', () => {
  it.each(Object.entries(dataSources))(
    'puts the files of %s into one folder, by split',
    async (name, source) => {
      const path = source.files[0]!.replace('**', 'train').replace('*', 'train-0');
      repos[source.repository] = { files: { [path]: Buffer.from('rows'), 'other.txt': Buffer.from('no') } };
      await pull('data', name);
      const [only, ...more] = await readdir(join(dir, 'to'));
      expect(only).toMatch(name === 'math500' ? /^test\.jsonl$/ : /^train-.*\.(parquet|csv)$/);
      expect(await readFile(at(only!), 'utf8')).toBe('rows');
      expect(more).toEqual([]);
    },
  );

  it('keeps the paths of any other repository', async () => {
    repos['me/data'] = { files: { 'a/train.jsonl': Buffer.from('rows') } };
    await pull('data', 'me/data');
    expect(await readFile(at('a/train.jsonl'), 'utf8')).toBe('rows');
  });
});

describe('what a model needs', () => {
  const listed = (...paths: string[]) => paths.map((path) => ({ path, size: 1 }));
  const chosen = (...paths: string[]) => chooseModel(listed(...paths), 'x').map((f) => f.path);

  it('is one safetensors file before shards before a single .gguf', () => {
    const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
    const index = 'model.safetensors.index.json';
    expect(chosen('config.json', 'model.safetensors', ...shards, index, 'x.gguf')).toEqual([
      'config.json',
      'model.safetensors',
    ]);
    expect(chosen('config.json', 'pytorch_model.bin', ...shards, index, 'onnx/model.safetensors')).toEqual([
      'config.json',
      ...shards,
      index,
    ]);
    expect(chosen('README.md', 'x.gguf')).toEqual(['x.gguf']);
    expect(() => chosen('a.Q4_0.gguf', 'a.Q8_0.gguf')).toThrow(/2 \.gguf files: a\.Q4_0\.gguf, .* --include/);
    expect(() => chosen('config.json', 'pytorch_model.bin')).toThrow(/no safetensors and no \.gguf file/);
  });
});
