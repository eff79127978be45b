import type { Parameter, Role } from '../model/index.ts';
import { roleLabel } from './blocks.ts';
import { escaped } from './theme.ts';

/** A rectangle in a grid's units. */
export interface Cell {
  x: number;
  width: number;
  /** Lower edge and height. */
  y: number;
  height: number;
}

/**
 * The tensors of a decoder as a map: a column for each layer from the input (left) to the output (right), a row for each
 * role in execution order (top to bottom); what stands before and after the layers are columns of their own. A bias is the
 * lower strip of its module's cell.
 */
export interface LayerGrid {
  cell: (p: Parameter) => Cell;
  columns: { x: number; label: string }[];
  rows: { y: number; label: string }[];
  width: number;
  height: number;
}

const MARGIN = 0.06;
/** About as many column labels as fit. */
const LABELS = 12;
/** Share of a cell that a bias takes. */
const STRIP = 0.28;
/** What stands outside the layers, and what its column says. */
const outer: Partial<Record<Role, string>> = {
  embedding: 'embed',
  'project-in': roleLabel('project-in'),
  position: roleLabel('position'),
  'embedding-norm': roleLabel('embedding-norm'),
  'final-norm': roleLabel('final-norm'),
  'project-out': roleLabel('project-out'),
  head: 'head',
};

/** Whether tensors of a role stand outside the layers. */
export const isOutside = (role: string): boolean => Object.hasOwn(outer, role);

/** Lays out a model's parameters, given in execution order. */
export function layerGrid(parameters: readonly Parameter[]): LayerGrid {
  const inside = parameters.filter((p) => !isOutside(p.role));
  const roles = [...new Set(inside.map((p) => p.role))];
  const layers = [...new Set(inside.map((p) => p.layer))].sort((a, b) => a - b);
  const height = Math.max(1, roles.length);
  const wide = Math.max(1, 0.09 * layers.length);
  const every = Math.ceil(layers.length / LABELS);
  const cells = new Map<Parameter, Cell>();
  const columns: LayerGrid['columns'] = [];
  let at = 0;
  const column = (label: string | undefined, width: number, list: readonly Parameter[]) => {
    for (const p of list) {
      const row = roles.indexOf(p.role);
      const [y, tall] = row < 0 ? [0, height] : [height - 1 - row, 1];
      const inner = tall - 2 * MARGIN;
      const strip = list.some((q) => q.bias && q.role === p.role) ? STRIP : 0;
      cells.set(p, {
        x: at + width / 2,
        width: width * (1 - MARGIN),
        y: y + MARGIN + (p.bias ? 0 : strip * inner),
        height: inner * (p.bias ? strip - MARGIN / 2 : 1 - strip),
      });
    }
    if (label !== undefined) columns.push({ x: at + width / 2, label });
    at += width;
  };
  const alone = (before: boolean) => {
    for (const role of Object.keys(outer) as Role[]) {
      const list = parameters.filter((p) => p.role === role && p.layer < 0 === before);
      if (list.length > 0) column(outer[role], wide, list);
    }
  };
  alone(true);
  layers.forEach((layer, i) => {
    column(
      i % every === 0 ? layerLabel(parameters, layer) : undefined,
      1,
      inside.filter((p) => p.layer === layer),
    );
  });
  alone(false);
  return {
    cell: (p) => cells.get(p)!,
    columns,
    rows: roles.map((role, i) => ({ y: height - 0.5 - i, label: roleLabel(role).replace('<br>', ' ') })),
    width: Math.max(1, at),
    height,
  };
}

function layerLabel(parameters: readonly Parameter[], layer: number): string {
  return escaped(parameters.find((p) => p.layer === layer)?.layerName ?? String(layer));
}
