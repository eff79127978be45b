import { mkdtemp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filesAt } from '../../src/data/files/locate.ts';
import { readRows } from '../../src/data/files/rows.ts';
import { FormatError } from '../../src/errors.ts';

const goldens = join(import.meta.dirname, '..', 'goldens', 'data');

async function folderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rows-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}
const fields = async (path: string) => (await readRows(path)).map((row) => row.fields);

describe('readRows', () => {
  const rows = [
    { a: 'x, "y"', b: 'two\nlines' },
    { a: 'é', b: '' },
  ];
  const csv = 'a,b\n"x, ""y""","two\nlines"\né,\n';

  it('reads the same rows from JSON lines, a list, CSV and TSV, packed or not', async () => {
    const texts: Record<string, string> = {
      'x.jsonl': rows.map((r) => JSON.stringify(r)).join('\n'),
      'x.json': JSON.stringify(rows),
      'x.csv': csv,
      'bom.csv': `\uFEFF${csv}`,
      'x.tsv': csv.replace('a,b', 'a\tb').replace('""",', '"""\t').replace('é,', 'é\t'),
    };
    const packed = Object.entries(texts).map(([name, text]) => [`${name}.gz`, gzipSync(text)] as const);
    const dir = await folderOf({ ...texts, ...Object.fromEntries(packed) });
    for (const name of [...Object.keys(texts), ...packed.map(([n]) => n)]) {
      expect(await fields(join(dir, name)), name).toEqual(rows);
    }
  });

  it('reads parquet, with lists and 64-bit integers, whatever its compression', async () => {
    const want = [
      { question: 'who wrote it?', answers: ['Ann', 'Ann B.'], n: 1, meta: { id: 7, ok: true } },
      { question: 'where is it?', answers: ['Rome'], n: '1152921504606846976', meta: { id: 8, ok: false } },
    ];
    for (const name of ['snappy.parquet', 'zstd.parquet'])
      expect(await fields(join(goldens, name))).toEqual(want);
    const dir = await folderOf({ 'x.parquet.gz': gzipSync(await readFile(join(goldens, 'snappy.parquet'))) });
    expect(await fields(join(dir, 'x.parquet.gz'))).toEqual(want);
  });

  it('says where a row stands', async () => {
    const dir = await folderOf({ 'x.csv': csv, 'x.json': JSON.stringify(rows) });
    expect((await readRows(join(dir, 'x.csv')))[1]!.where).toMatch(/x\.csv, row 2$/);
    expect((await readRows(join(dir, 'x.json')))[1]!.where).toMatch(/x\.json, item 2$/);
  });

  it('names what is wrong with a file', async () => {
    const dir = await folderOf({
      'x.txt': 'a',
      'x.jsonl.gz': 'no gzip',
      'x.parquet': 'PAR1',
      'empty.csv': '',
    });
    for (const [name, message] of [
      ['x.txt', /no data file by its name.*jsonl/],
      ['x.jsonl.gz', /cannot be unpacked/],
      ['x.parquet', /cannot be read as parquet/],
      ['none.csv', /no data file .*none\.csv/],
    ] as const) {
      await expect(readRows(join(dir, name))).rejects.toThrow(FormatError);
      await expect(readRows(join(dir, name))).rejects.toThrow(message);
    }
    expect(await readRows(join(dir, 'empty.csv'))).toEqual([]);
  });

  it('reads a damaged parquet file or refuses it, and nothing else', { timeout: 60_000 }, async () => {
    const good = await readFile(join(goldens, 'zstd.parquet'));
    const dir = await folderOf({});
    const change = fc.record({ at: fc.nat(good.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const bad = Uint8Array.from(good);
        for (const { at, to } of changes) bad[at] = to;
        await writeFile(join(dir, 'x.parquet'), bad);
        try {
          expect(Array.isArray(await readRows(join(dir, 'x.parquet')))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
  });
});

describe('filesAt', () => {
  it('tells splits by the names of files, then of folders', async () => {
    const names = [
      'train.jsonl',
      'dialogsum.dev.jsonl',
      'test-00000-of-00002.parquet',
      'test-00001-of-00002.parquet',
    ];
    const dir = await folderOf(
      Object.fromEntries([...names, 'README.md', 'latest.jsonl'].map((n) => [n, ''])),
    );
    expect(await filesAt(dir)).toEqual({
      train: [join(dir, names[0]!)],
      validation: [join(dir, names[1]!)],
      test: [join(dir, names[2]!), join(dir, names[3]!)],
    });
    const nested = await folderOf({ 'A/train/0000.parquet': '', 'A/validation/0000.parquet': '' });
    expect(Object.keys((await filesAt(nested))!)).toEqual(['train', 'validation']);
  });

  it('takes the one file of a folder, a file itself, and nothing', async () => {
    const dir = await folderOf({ 'HumanEval.jsonl.gz': '', LICENSE: '' });
    const file = join(dir, 'HumanEval.jsonl.gz');
    expect(await filesAt(dir)).toEqual({ all: [file] });
    expect(await filesAt(file)).toEqual({ all: [file] });
    expect(await filesAt(join(dir, 'none'))).toBeUndefined();
  });

  it('refuses a folder that does not say its splits', async () => {
    await expect(filesAt(await folderOf({ 'a.jsonl': '', 'b.jsonl': '' }))).rejects.toThrow(
      /a\.jsonl, b\.jsonl.*split/,
    );
    await expect(filesAt(await folderOf({ LICENSE: '' }))).rejects.toThrow(/no data file/);
  });
});
