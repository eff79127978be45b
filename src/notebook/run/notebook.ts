import { dirname, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { KernelClient } from './client.ts';
import type { Message } from './message.ts';
import { readNotebook, type Cell, type Notebook, type Output } from './nbformat.ts';
import { OutputCollector } from './outputs.ts';

/** What happens to a cell while a notebook runs. Cells are counted from 0 among the code cells. */
export type CellEvent =
  | { phase: 'start'; index: number; total: number; source: string }
  | { phase: 'output'; index: number; total: number; output: Output }
  | { phase: 'end'; index: number; total: number; ms: number; ok: boolean };

export interface RunOptions {
  /** Program and arguments of the kernel; `{connection_file}` stands for the connection file. */
  kernelArgv: readonly string[];
  /** Folder that the kernel runs in; the notebook's own by default. */
  cwd?: string;
  /** Milliseconds for one cell; 600,000 by default. A kernel that takes longer is killed. */
  timeout?: number;
  onCell?: (event: CellEvent) => void;
  /** Stops the run; the kernel is killed. */
  signal?: AbortSignal;
}

export interface RunReport {
  /** The notebook with its outputs, as far as it came. */
  notebook: Notebook;
  ok: boolean;
  /** What went wrong, with the cell and its code, ready to print. */
  error?: string;
  /** Time of each code cell that ran. */
  cells: { ms: number }[];
}

const CELL_MS = 600_000;

function failureReport(path: string, index: number, cell: Cell, reason: string): string {
  const failed = cell.outputs?.find(
    (output): output is Extract<Output, { output_type: 'error' }> => output.output_type === 'error',
  );
  const what = failed ? stripVTControlCharacters(failed.traceback.join('\n')) : reason;
  return `${path}: code cell ${index + 1} failed\n\n${cell.source.replace(/^/gm, '    ')}\n\n${what}`;
}

/** Kills the kernel when the cell takes too long or the run is stopped; the work then fails for that reason. */
async function within<T>(
  work: Promise<T>,
  client: KernelClient,
  timeout: number,
  signal?: AbortSignal,
): Promise<T> {
  let killed: string | undefined;
  const kill = (reason: string) => {
    killed ??= reason;
    void client.kill();
  };
  const stopped = () => kill('the run was stopped; the kernel was killed');
  const timer = setTimeout(() => kill(`it took longer than ${timeout} ms; the kernel was killed`), timeout);
  signal?.addEventListener('abort', stopped);
  if (signal?.aborted) stopped();
  try {
    return await work;
  } catch (error) {
    throw killed === undefined ? error : new Error(killed);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stopped);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/**
 * Runs a notebook through a real kernel, without Jupyter, and returns it with its outputs. It stops at the first cell
 * that fails. No process stays behind, however it ends.
 *
 * @throws FormatError when the notebook cannot be read; Error when the kernel does not start
 * @example
 * const { ok, notebook } = await runNotebook('notebooks/quickstart.ipynb', { kernelArgv: kernelCommand(main) });
 */
export async function runNotebook(path: string, options: RunOptions): Promise<RunReport> {
  const { kernelArgv, cwd = dirname(resolve(path)), timeout = CELL_MS, onCell, signal } = options;
  const notebook = readNotebook(path);
  const code = notebook.cells.filter((cell) => cell.cell_type === 'code');
  for (const cell of code) Object.assign(cell, { outputs: [], execution_count: null });
  const total = code.length;
  const cells: { ms: number }[] = [];
  const client = await KernelClient.start({ argv: kernelArgv, cwd });
  try {
    notebook.metadata = { ...notebook.metadata, ...(await kernelMetadata(client, notebook)) };
    const collector = new OutputCollector();
    for (const [index, cell] of code.entries()) {
      if (cell.source.trim() === '') continue;
      onCell?.({ phase: 'start', index, total, source: cell.source });
      const start = performance.now();
      const onMessage = (message: Message): void => {
        const output = collector.apply(cell, message);
        if (output) onCell?.({ phase: 'output', index, total, output });
      };
      // Output that comes after its cell has ended goes below the cell that ran last, as the kernel sends it.
      client.onMessage = onMessage;
      let reason = '';
      try {
        const reply = await within(client.execute(cell.source, { onMessage }), client, timeout, signal);
        const { status, execution_count: count } = reply.content;
        cell.execution_count = typeof count === 'number' ? count : null;
        if (status !== 'ok') reason = `the kernel replied ${String(status)}`;
      } catch (error) {
        reason = asError(error).message;
      }
      const ms = performance.now() - start;
      cells.push({ ms });
      onCell?.({ phase: 'end', index, total, ms, ok: reason === '' });
      if (reason !== '')
        return { notebook, ok: false, error: failureReport(path, index, cell, reason), cells };
    }
    return { notebook, ok: true, cells };
  } finally {
    await client.close();
  }
}

/** kernelspec and language_info, where the notebook does not say. */
async function kernelMetadata(client: KernelClient, notebook: Notebook): Promise<Record<string, unknown>> {
  const { content } = await client.request('kernel_info_request', {}, { timeout: 10_000 });
  const kernelspec = { name: 'hi-zfo', display_name: 'TypeScript (Hi-ZFO)', language: 'typescript' };
  return { kernelspec: notebook.metadata.kernelspec ?? kernelspec, language_info: content.language_info };
}
