import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { Ops } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { loraScale, type Adapter } from './adapters/options.ts';
import type { DecoderConfig } from './config.ts';
import type { LinearRole, Parameter, Role, Weights } from './parameters.ts';

/** The tensors of one module. */
export interface Module {
  weight: Parameter;
  bias?: Parameter;
}

/** The modules of a decoder by layer and role, and how each is applied. */
export class Modules {
  /** By layer, from -1 (before the first) to the number of layers (after the last). */
  readonly #byLayer: Partial<Record<Role, Module>>[] = [];
  readonly #loraScale: number;

  constructor(
    private readonly ops: Ops,
    private readonly config: DecoderConfig,
    parameters: readonly Parameter[],
    adapter?: Adapter,
  ) {
    this.#loraScale = adapter?.kind === 'lora' ? loraScale(adapter) : 0;
    for (const p of parameters) {
      const modules = (this.#byLayer[p.layer + 1] ??= {});
      if (p.bias)
        modules[p.role as Role]!.bias = p; // the list has it right after its weight
      else modules[p.role as Role] = { weight: p };
    }
  }

  has(role: Role): boolean {
    return this.config.names[role] !== undefined;
  }

  at(layer: number, role: Role): Module {
    const module = this.#byLayer[layer + 1]?.[role];
    if (!module) throw new ConfigError(`${this.config.modelType} has no ${role} in layer ${layer}.`);
    return module;
  }

  /** x [N, in] -> [N, out]. */
  linear(
    weights: Weights,
    layer: number,
    role: LinearRole | 'project-in' | 'project-out',
    x: Tensor2D,
  ): Tensor2D {
    const { weight, bias } = this.at(layer, role);
    const inLayer = layer >= 0 && layer < this.config.layers;
    const w = weights(weight) as Tensor2D;
    const y = this.ops.linear(x, w, bias && (weights(bias) as Tensor1D), inLayer && this.config.inOut);
    return inLayer ? this.#withLora(weights, layer, role as LinearRole, x, y) : y;
  }

  /** y + alpha / rank * B A x, where the module has LoRA's matrices beside it. */
  #withLora(weights: Weights, layer: number, role: LinearRole, x: Tensor2D, y: Tensor2D): Tensor2D {
    const { [`${role}-lora-a` as const]: a, [`${role}-lora-b` as const]: b } = this.#byLayer[layer + 1]!;
    if (!a || !b) return y;
    const inner = this.ops.linear(x, weights(a.weight) as Tensor2D);
    const scaled = tf.mul<Tensor2D>(inner, this.#loraScale);
    return this.ops.add(y, this.ops.linear(scaled, weights(b.weight) as Tensor2D));
  }

  /** The norm of `role`; x itself where the family has none. */
  norm(weights: Weights, layer: number, role: Role, x: Tensor2D): Tensor2D {
    if (!this.has(role)) return x;
    const { weight, bias } = this.at(layer, role);
    const { epsilon, plusOne } = this.config.norm;
    const gain = plusOne ? tf.add<Tensor>(weights(weight), 1) : weights(weight);
    if (!bias) return this.ops.rmsNorm(x, gain as Tensor1D, epsilon);
    return this.ops.layerNorm(x, gain as Tensor1D, weights(bias) as Tensor1D, epsilon);
  }
}
