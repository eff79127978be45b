import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { kernelCommand } from '../run/command.ts';
import { runNotebook, type RunOptions } from '../run/notebook.ts';
import { countFigures, exportHtml } from './html.ts';

export interface HeadlessOptions extends Pick<RunOptions, 'onCell' | 'timeout' | 'signal' | 'cwd'> {
  /** Folder of the hi-zfo package. */
  root: string;
  /** Folder for the two files; made when it is missing. */
  out: string;
}

export interface HeadlessReport {
  ok: boolean;
  /** What went wrong, ready to print. */
  error?: string;
  /** Code cells that ran. */
  cells: number;
  /** Interactive figures in the outputs. */
  figures: number;
  /** Files written; none when a cell failed. */
  files: string[];
}

/** All files or none: each is written aside first, and takes its name when all are there. */
function writeTogether(files: Map<string, string>): void {
  const aside = (path: string) => `${path}.${process.pid}`;
  try {
    for (const [path, contents] of files) writeFileSync(aside(path), contents);
    for (const path of files.keys()) renameSync(aside(path), path);
  } finally {
    for (const path of files.keys()) rmSync(aside(path), { force: true });
  }
}

/**
 * Runs a notebook through the real kernel without Jupyter and writes NAME.ipynb and NAME.html into a folder. When a cell
 * fails nothing is written.
 *
 * @throws FormatError when the notebook cannot be read; Error when the kernel does not start
 */
export async function runHeadless(path: string, options: HeadlessOptions): Promise<HeadlessReport> {
  const { root, out, ...run } = options;
  const kernelArgv = kernelCommand(join(root, 'dist/kernel/main.mjs'));
  const { notebook, ok, error, cells } = await runNotebook(path, { ...run, kernelArgv });
  const report = { cells: cells.length, figures: countFigures(notebook) };
  if (!ok) return { ok, error, files: [], ...report };
  const name = basename(path, '.ipynb');
  const plotly = readFileSync(join(root, 'jupyter/labextensions/hi-zfo-plotly/static/plotly.min.js'), 'utf8');
  const [ipynb, html] = [join(out, `${name}.ipynb`), join(out, `${name}.html`)];
  const contents = new Map([
    [ipynb, `${JSON.stringify(notebook, null, 1)}\n`],
    [html, exportHtml(notebook, { plotly, title: name })],
  ]);
  mkdirSync(out, { recursive: true });
  writeTogether(contents);
  return { ok, files: [ipynb, html], ...report };
}
