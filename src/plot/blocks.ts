import type { OwnRole, Parameter, Role } from '../model/index.ts';
import { escaped } from './theme.ts';

/** A stretch of an axis with all tensors of one role, layer after layer. */
export interface RoleBlock {
  role: Role | OwnRole;
  /** Two lines at most. */
  label: string;
  /** Left edge and width; a tensor of a layer is one unit wide. */
  start: number;
  width: number;
}

/** Roles side by side on one axis, each from the input layer to the output layer. */
export interface RoleBlocks {
  blocks: RoleBlock[];
  /** Centre of a tensor and width of its bar. */
  position: (p: Parameter) => number;
  width: (p: Parameter) => number;
  end: number;
}

const labels: Partial<Record<Role, string>> = {
  embedding: 'embed',
  'project-in': 'proj<br>in',
  position: 'pos',
  'embedding-norm': 'emb<br>norm',
  'attention-norm': 'attn<br>norm',
  qkv: 'qkv',
  q: 'q',
  'q-norm': 'q<br>norm',
  k: 'k',
  'k-norm': 'k<br>norm',
  v: 'v',
  o: 'o',
  'attention-post-norm': 'attn<br>post',
  'ffn-norm': 'ffn<br>norm',
  'gate-up': 'gate<br>up',
  gate: 'gate',
  up: 'up',
  down: 'down',
  'ffn-post-norm': 'ffn<br>post',
  'final-norm': 'final<br>norm',
  'project-out': 'proj<br>out',
  head: 'head',
  'prefix-key': 'prefix<br>k',
  'prefix-value': 'prefix<br>v',
};

/** Name of a role on an axis; LoRA's matrices are called after their module. */
export function roleLabel(role: Role | OwnRole): string {
  if (Object.hasOwn(labels, role)) return labels[role as Role]!;
  const [, module, matrix] = /^(.+)-lora-([ab])$/.exec(role) ?? [];
  return module === undefined ? escaped(role) : `${module}<br>${matrix === 'a' ? 'A' : 'B'}`;
}

/**
 * Lays tensors out by role, roles in the order of their first use, a bias right of its weight. `parameters` in execution
 * order.
 */
export function roleBlocks(parameters: readonly Parameter[]): RoleBlocks {
  const byRole = new Map<string, Parameter[]>();
  for (const p of parameters) byRole.set(p.role, [...(byRole.get(p.role) ?? []), p]);
  const largest = Math.max(1, ...[...byRole.values()].map((list) => list.length));
  const gap = 0.18 * largest;
  const least = 0.7 * largest; // a lone tensor's label needs room too, and its bar must be seen
  const positions = new Map<Parameter, number>();
  const widths = new Map<Parameter, number>();
  const blocks: RoleBlock[] = [];
  let at = 0;
  for (const [role, list] of byRole) {
    const width = Math.max(list.length, least);
    const unit = list.length < least ? Math.max(1, (0.35 * width) / list.length) : 1;
    const first = at + (width - unit * list.length) / 2 + unit / 2;
    list.forEach((p, i) => {
      positions.set(p, first + unit * i);
      widths.set(p, 0.86 * unit);
    });
    blocks.push({ role, label: roleLabel(role), start: at, width });
    at += width + gap;
  }
  return {
    blocks,
    position: (p) => positions.get(p)!,
    width: (p) => widths.get(p)!,
    end: Math.max(1, at - gap),
  };
}
