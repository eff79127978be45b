import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FormatError } from '../../errors.ts';
import type { MimeBundle } from '../kernel-api.ts';

/** An output of a code cell (nbformat 4). */
export type Output =
  | { output_type: 'stream'; name: string; text: string }
  | { output_type: 'display_data'; data: MimeBundle; metadata: object }
  | { output_type: 'execute_result'; data: MimeBundle; metadata: object; execution_count: number | null }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] };

export interface Cell {
  cell_type: string;
  id: string;
  metadata: Record<string, unknown>;
  source: string;
  /** Code cells only. */
  outputs?: Output[];
  execution_count?: number | null;
}

/** A notebook as nbformat 4.5 describes it; sources are single strings. */
export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: 4;
  nbformat_minor: 5;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function joined(source: unknown): string {
  return Array.isArray(source) ? source.join('') : typeof source === 'string' ? source : '';
}

function cellFrom(value: unknown, index: number, path: string): Cell {
  if (!isObject(value) || typeof value.cell_type !== 'string')
    throw new FormatError(`Cell ${index + 1} of ${path} has no cell_type: is this a Jupyter notebook?`);
  const { outputs, execution_count: count, ...rest } = value;
  const cell: Cell = {
    ...rest,
    cell_type: value.cell_type,
    id: typeof value.id === 'string' ? value.id : randomUUID().slice(0, 8),
    metadata: isObject(value.metadata) ? value.metadata : {},
    source: joined(value.source),
  };
  if (cell.cell_type !== 'code') return cell;
  return {
    ...cell,
    execution_count: typeof count === 'number' ? count : null,
    outputs: Array.isArray(outputs) ? (outputs as Output[]) : [],
  };
}

/**
 * Reads a notebook and brings it to nbformat 4.5.
 *
 * @throws FormatError when the file is missing, not JSON, or not a notebook of format 4
 */
export function readNotebook(path: string): Notebook {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new FormatError(
      `Cannot read the notebook ${path}: ${String(error)}. Give the path of an .ipynb file.`,
      {
        cause: error,
      },
    );
  }
  if (!isObject(value) || !Array.isArray(value.cells) || value.nbformat !== 4)
    throw new FormatError(`${path} is not a notebook of format 4. Open it in JupyterLab and save it once.`);
  const { cells, metadata, ...rest } = value;
  return {
    ...rest,
    cells: cells.map((cell, index) => cellFrom(cell, index, path)),
    metadata: isObject(metadata) ? metadata : {},
    nbformat: 4,
    nbformat_minor: 5,
  };
}
