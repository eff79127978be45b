import type { Tensor2D } from '@tensorflow/tfjs';
import type { Ops } from '../engine/engine.ts';
import type { DecoderConfig } from './config.ts';
import type { Pass } from './decoder.ts';
import type { Modules } from './modules.ts';
import type { LinearRole, Role } from './parameters.ts';

/** One layer of a decoder: attention and feed-forward, each with its norms, around the residual. */
export class Layer {
  constructor(
    private readonly ops: Ops,
    private readonly config: DecoderConfig,
    private readonly modules: Modules,
  ) {}

  /** States [N, D] after layer `l`. */
  run(l: number, pass: Pass, h: Tensor2D): Tensor2D {
    const { ops } = this;
    const norm = (role: Role, x: Tensor2D) => this.modules.norm(pass.weights, l, role, x);
    const onward = this.#onward(l, pass, h);
    switch (this.config.residual) {
      case 'pre': {
        const mixed = this.#attention(l, pass, norm('attention-norm', h));
        const middle = ops.add(onward, norm('attention-post-norm', mixed));
        const inner = this.#feedForward(l, pass, norm('ffn-norm', middle));
        return ops.add(middle, norm('ffn-post-norm', inner));
      }
      case 'post': {
        const middle = norm('attention-norm', ops.add(onward, this.#attention(l, pass, h)));
        return norm('ffn-norm', ops.add(middle, this.#feedForward(l, pass, middle)));
      }
      case 'parallel': {
        const mixed = this.#attention(l, pass, norm('attention-norm', h));
        return ops.add(ops.add(onward, mixed), this.#feedForward(l, pass, norm('ffn-norm', onward)));
      }
    }
  }

  #onward(l: number, pass: Pass, y: Tensor2D): Tensor2D {
    return pass.onward ? pass.onward(l, y) : y;
  }

  #attention(l: number, pass: Pass, x: Tensor2D): Tensor2D {
    const [q, k, v] = this.modules.has('qkv') ? this.#fused(l, pass, x) : this.#separate(l, pass, x);
    return this.modules.linear(pass.weights, l, 'o', pass.attend(l, q, k, v));
  }

  #separate(l: number, pass: Pass, x: Tensor2D): [Tensor2D, Tensor2D, Tensor2D] {
    const { weights } = pass;
    const { modules, config } = this;
    const project = (role: 'q' | 'k' | 'v', y = x) => modules.linear(weights, l, role, y);
    const normed = (role: 'q-norm' | 'k-norm', y: Tensor2D) => {
      if (!modules.has(role)) return y;
      const heads = y.reshape<Tensor2D>([-1, config.headDim]);
      return modules.norm(weights, l, role, heads).reshape<Tensor2D>(y.shape);
    };
    return [
      normed('q-norm', project('q', this.#onward(l, pass, x))),
      normed('k-norm', project('k')),
      project('v'),
    ];
  }

  #fused(l: number, pass: Pass, x: Tensor2D): [Tensor2D, Tensor2D, Tensor2D] {
    const { heads, kvHeads, headDim, attention } = this.config;
    const all = this.modules.linear(pass.weights, l, 'qkv', x);
    if (!attention.byHead) {
      const kv = kvHeads * headDim;
      const [q, k, v] = this.ops.split(all, [heads * headDim, kv, kv]) as [Tensor2D, Tensor2D, Tensor2D];
      return [this.#onward(l, pass, q), k, v];
    }
    const byHead = all.reshape<Tensor2D>([x.shape[0] * heads, 3 * headDim]);
    const pieces = this.ops.split(byHead, [headDim, headDim, headDim]);
    const [q, k, v] = pieces.map((piece) => piece.reshape([x.shape[0], heads * headDim])) as [Tensor2D, Tensor2D, Tensor2D]; // prettier-ignore
    return [this.#onward(l, pass, q), k, v];
  }

  #feedForward(l: number, { weights }: Pass, x: Tensor2D): Tensor2D {
    const { modules, ops } = this;
    const { feedForward, activation } = this.config;
    const project = (role: LinearRole, y = x) => modules.linear(weights, l, role, y);
    if (modules.has('gate-up')) {
      const [gate, up] = ops.split(project('gate-up'), [feedForward, feedForward]) as [Tensor2D, Tensor2D];
      return project('down', ops.gated(gate, up, activation));
    }
    if (modules.has('gate')) return project('down', ops.gated(project('gate'), project('up'), activation));
    return project('down', ops.activate(project('up'), activation));
  }
}
