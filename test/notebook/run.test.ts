import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../../src/kernel/heartbeat.ts';
import { runNotebook, type CellEvent } from '../../src/notebook/run/notebook.ts';
import { builtKernel, KERNEL_OBJECT } from '../kernel/kernel-under-test.ts';

let folder: string;
let kernelArgv: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-run-'));
  kernelArgv = await builtKernel();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a notebook of old minor format with these code cells and a text in front; returns its path. */
function notebook(...cells: string[]): string {
  const path = join(folder, 'test.ipynb');
  const code = cells.map((source) => ({
    cell_type: 'code',
    metadata: {},
    source: source.split(/(?<=\n)/),
    outputs: [],
  }));
  const text = { cell_type: 'markdown', metadata: {}, source: ['# Title\n', 'text'] };
  writeFileSync(
    path,
    JSON.stringify({ cells: [text, ...code], metadata: {}, nbformat: 4, nbformat_minor: 2 }),
  );
  return path;
}

const PID = 'console.log(process.pid);';

describe('a notebook without Jupyter', () => {
  it('gets its outputs in format 4.5, with updates applied and streams joined', async () => {
    const events: CellEvent[] = [];
    const path = notebook(
      "console.log('a');\nconsole.log('b');\n1 + 1",
      `${KERNEL_OBJECT} void kernel.display({ 'text/plain': 'old' }, { id: 'd' });`,
      "void kernel.display({ 'text/plain': 'new' }, { id: 'd', update: true });",
      '',
    );
    const report = await runNotebook(path, { kernelArgv, onCell: (event) => events.push(event) });
    expect(report).toMatchObject({ ok: true });
    expect(report.error).toBeUndefined();
    const { cells, metadata, ...format } = report.notebook;
    expect(format).toEqual({ nbformat: 4, nbformat_minor: 5 });
    expect(metadata).toMatchObject({ kernelspec: { name: 'hi-zfo' }, language_info: { name: 'typescript' } });
    expect(cells.every((cell) => /^[\w-]{1,64}$/.test(cell.id))).toBe(true);
    expect(cells[0]).toMatchObject({ cell_type: 'markdown', source: '# Title\ntext' });
    expect(cells[0]).not.toHaveProperty('outputs');
    expect(cells.slice(1).map((cell) => cell.outputs)).toEqual([
      [
        { output_type: 'stream', name: 'stdout', text: 'a\nb\n' },
        { output_type: 'execute_result', data: { 'text/plain': '2' }, metadata: {}, execution_count: 1 },
      ],
      [{ output_type: 'display_data', data: { 'text/plain': 'new' }, metadata: {} }],
      [],
      [],
    ]);
    expect(cells.slice(1).map((cell) => cell.execution_count)).toEqual([1, 2, 3, null]);
    expect(report.cells).toHaveLength(3);
    expect(events.filter(({ phase }) => phase === 'start').map(({ index, total }) => [index, total])).toEqual(
      [
        [0, 4],
        [1, 4],
        [2, 4],
      ],
    );
    expect(events.some(({ phase }) => phase === 'output')).toBe(true);
  });

  it('stops at the first error with a report that can be read', async () => {
    const path = notebook(PID, "const x = 1;\nthrow new RangeError('too far');", '3');
    const { ok, error, notebook: done } = await runNotebook(path, { kernelArgv });
    expect(ok).toBe(false);
    expect(error).toContain('code cell 2 failed');
    expect(error).toContain("    throw new RangeError('too far');");
    expect(error).toContain('RangeError: too far');
    expect(error).not.toContain('\x1b');
    expect(done.cells[3]).toMatchObject({ outputs: [], execution_count: null });
    const [printed] = done.cells[1]?.outputs ?? [];
    expect(isAlive(Number(printed?.output_type === 'stream' ? printed.text : NaN))).toBe(false);
  });

  it('kills a kernel that takes too long', async () => {
    const path = notebook(`${PID} for (;;) {}`);
    const { ok, error, notebook: done } = await runNotebook(path, { kernelArgv, timeout: 1500 });
    expect(ok).toBe(false);
    expect(error).toContain('longer than 1500 ms');
    const [printed] = done.cells[1]?.outputs ?? [];
    expect(isAlive(Number(printed?.output_type === 'stream' ? printed.text : NaN))).toBe(false);
  });

  it('ends with the signal', async () => {
    const stop = new AbortController();
    const path = notebook('console.log(1); await new Promise(() => {});', '2');
    const onCell = (event: CellEvent) => {
      if (event.phase === 'output') stop.abort();
    };
    const { ok, error } = await runNotebook(path, { kernelArgv, signal: stop.signal, onCell });
    expect(ok).toBe(false);
    expect(error).toContain('the run was stopped');
  });

  it('says what a kernel that does not start has printed', async () => {
    const argv = [process.execPath, '-e', "console.error('no such kernel'); process.exit(2)"];
    await expect(runNotebook(notebook('1'), { kernelArgv: argv })).rejects.toThrow(
      /exit code 2[^]*no such kernel/,
    );
  });

  it('reports a kernel that dies in a cell', async () => {
    const { ok, error } = await runNotebook(notebook('process.exit(7)'), { kernelArgv });
    expect(ok).toBe(false);
    expect(error).toContain('exit code 7');
  });

  it.each([
    ['missing.ipynb', undefined, 'Cannot read the notebook'],
    ['bad.ipynb', '{', 'Cannot read the notebook'],
    ['old.ipynb', '{"nbformat": 3, "worksheets": []}', 'is not a notebook of format 4'],
    ['odd.ipynb', '{"nbformat": 4, "cells": [3]}', 'Cell 1 of'],
  ])('refuses %s', async (name, content, message) => {
    const path = join(folder, name);
    if (content !== undefined) writeFileSync(path, content);
    await expect(runNotebook(path, { kernelArgv })).rejects.toThrow(message);
  });
});
