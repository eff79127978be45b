import type { DecoderConfig } from './config.ts';
import type { ParameterInfo, Role } from './parameters.ts';

const before: readonly Role[] = ['embedding', 'project-in', 'position', 'embedding-norm'];
const attention: readonly Role[] = ['qkv', 'q', 'q-norm', 'k', 'k-norm', 'v', 'o'];
const feedForward: readonly Role[] = ['gate-up', 'gate', 'up', 'down'];
const after: readonly Role[] = ['final-norm', 'project-out', 'head'];
/** A layer's modules in the order in which they run. */
const inner: Record<DecoderConfig['residual'], readonly Role[]> = {
  pre: ['attention-norm', ...attention, 'attention-post-norm', 'ffn-norm', ...feedForward, 'ffn-post-norm'],
  post: [...attention, 'attention-norm', ...feedForward, 'ffn-norm'],
  parallel: ['attention-norm', ...attention, 'ffn-norm', ...feedForward],
};

/** The tensors of a decoder in true execution order, a bias after its weight, named as in the Hugging Face folder. */
export function decoderParameters(c: DecoderConfig): ParameterInfo[] {
  const list: ParameterInfo[] = [];
  const module = (role: Role, layer: number) => {
    const name = c.names[role]?.replace('*', String(layer));
    if (name === undefined || (role === 'head' && c.tied)) return;
    const shape = weightShape(c, role);
    const size = shape.reduce((n, s) => n * s, 1);
    const tied = role === 'embedding' && c.tied;
    list.push({ name: `${name}.weight`, role, layer, shape, size, tied });
    if (!hasBias(c, role)) return;
    const width = biasWidth(c, role);
    list.push({
      name: `${name}.bias`,
      role,
      bias: true,
      layer,
      shape: [width],
      size: width,
      tied: false,
    });
  };
  for (const role of before) module(role, -1);
  for (let l = 0; l < c.layers; l++) for (const role of inner[c.residual]) module(role, l);
  for (const role of after) module(role, c.layers);
  return list;
}

const isNorm = (role: Role) => role.endsWith('norm');

function hasBias(c: DecoderConfig, role: Role): boolean {
  return isNorm(role) ? c.norm.kind === 'layer' : c.biases.includes(role);
}

/** Shape as stored; a matrix is [out, in] unless the family stores those of its layers [in, out]. */
function weightShape(c: DecoderConfig, role: Role): readonly number[] {
  if (isNorm(role)) return [role === 'q-norm' || role === 'k-norm' ? c.headDim : c.hidden];
  switch (role) {
    case 'embedding':
    case 'head':
      return [c.vocabulary, c.embeddingWidth];
    case 'project-in':
      return [c.hidden, c.embeddingWidth];
    case 'project-out':
      return [c.embeddingWidth, c.hidden];
    case 'position':
      return [c.positions.kind === 'learned' ? c.positions.rows : 0, c.hidden];
  }
  const out = biasWidth(c, role);
  const into = role === 'o' ? c.heads * c.headDim : role === 'down' ? c.feedForward : c.hidden;
  return c.inOut ? [into, out] : [out, into];
}

/** Outputs of a module. */
function biasWidth(c: DecoderConfig, role: Role): number {
  const [q, kv] = [c.heads * c.headDim, c.kvHeads * c.headDim];
  switch (role) {
    case 'qkv':
      return q + 2 * kv;
    case 'q':
      return q;
    case 'k':
    case 'v':
      return kv;
    case 'gate-up':
      return 2 * c.feedForward;
    case 'gate':
    case 'up':
      return c.feedForward;
    default:
      return c.hidden;
  }
}
