import { layerFloats, tapeFloats, type Decoder, type Parameter } from '../model/index.ts';

/** Rows of a batch, its length in tokens, and how many tokens are supervised. */
export interface SupervisedSize {
  batch: number;
  length: number;
  supervised: number;
}

/** Bytes that live at one moment of a step, beside weights and moments. */
export interface Live {
  gradients: number;
  activations: number;
  perturbed: number;
  directions: number;
  passing: number;
}

/** What a stream differentiates and moves, and whether it runs its layers again for that. */
export interface StreamOf {
  wrt: readonly Parameter[];
  zo: readonly Parameter[];
  recompute: boolean;
}

export const FLOAT = 4;
/** The fused head makes no more logits than this at a time. */
const LOGITS_BYTES = 64 * 2 ** 20;

export const NOTHING: Live = { gradients: 0, activations: 0, perturbed: 0, directions: 0, passing: 0 };

export const total = (m: Live): number =>
  m.gradients + m.activations + m.perturbed + m.directions + m.passing;

/** The moment at which most lives. */
export const worst = (moments: readonly Live[]): Live =>
  moments.reduce((a, b) => (total(b) > total(a) ? b : a));

/** The moment of one stream, forward and back to the deepest of `wrt`, at which most lives. */
export function streamPeak(model: Decoder, { wrt, zo, recompute }: StreamOf, size: SupervisedSize): Live {
  const { config, blocks: top } = model; // block `top` is the head
  const rows = size.batch * size.length;
  const states = FLOAT * rows * config.hidden;
  const layer = FLOAT * rows * tapeFloats(config);
  /** A layer's tensors while it runs. */
  const whole = FLOAT * rows * layerFloats(config);
  const logits = Math.min(FLOAT * size.supervised * config.vocabulary, LOGITS_BYTES);
  const headRows = 3 * FLOAT * size.supervised * config.hidden;
  const flowing = FLOAT * rows * (2 * config.hidden + 2 * config.feedForward);
  const gated = config.names.gate !== undefined || config.names['gate-up'] !== undefined;
  /** Gradients of what a feed-forward's activation takes. */
  const inner = FLOAT * rows * config.feedForward * (gated ? 2 : 1);
  /** Where a layer's states have several uses their gradients are added up, and TF.js's tape keeps one of every two to its end. */
  const addends =
    states * (2 + (config.names.qkv === undefined ? 2 : 0) + (config.names.gate === undefined ? 0 : 1));
  const copies = bytesByBlock(model, zo);
  if (wrt.length === 0) {
    // nothing is kept: the largest block, or the head
    const blocks = copies.map((bytes, b) => (b === top ? logits + headRows : b > 0 ? whole : 0) + bytes);
    return { ...NOTHING, passing: states + Math.max(...blocks) };
  }
  const own = bytesByBlock(model, wrt);
  const deepest = Math.min(top, ...wrt.map((p) => model.blockOf(p)));
  const first = Math.max(1, deepest); // the lowest layer on a tape; the embedding keeps nothing
  /** What a tape over all layers holds of those below `b`. */
  let below = recompute ? 0 : copies.slice(first, top).reduce((sum, bytes) => sum + bytes, 0);
  let gradients = own[top]!;
  const moments: Live[] = [
    {
      ...NOTHING,
      gradients,
      activations: recompute ? (top - first + 1) * states : (top - first) * layer + states,
      perturbed: below + copies[top]!,
      passing: logits + headRows,
    },
  ];
  for (let b = top - 1; b >= first; b--) {
    if (recompute) {
      // most lives when the activation of its feed-forward is differentiated, the states and their gradient around it
      const activations = (b - first) * states + layer;
      const passing = 2 * states + inner;
      moments.push({ ...NOTHING, gradients, activations, perturbed: copies[b]!, passing });
      gradients += own[b]!;
    } else {
      gradients += own[b]!;
      below -= copies[b]!;
      const activations = (b - first + 0.5) * layer + (top - 1 - b) * addends;
      moments.push({ ...NOTHING, gradients, activations, perturbed: below, passing: flowing });
    }
  }
  if (deepest === 0) {
    // the look-up of a tied embedding adds its gradient to the head's: three of them for a moment
    const table = config.tied && wrt.includes(model.embedding) ? FLOAT * model.embedding.size : 0;
    gradients += own[0]! - table;
    const activations = states + (recompute ? 0 : (top - first) * addends);
    moments.push({ ...NOTHING, gradients, activations, passing: states + 2 * table });
  }
  return worst(moments);
}

/** Bytes of some tensors by the block that uses them, the head last; a tied embedding counts for both of its own. */
function bytesByBlock(model: Decoder, parameters: readonly Parameter[]): number[] {
  const bytes = Array.from({ length: model.blocks + 1 }, () => 0);
  for (const p of parameters) for (const b of model.blocksOf(p)) bytes[b]! += FLOAT * p.size;
  return bytes;
}
