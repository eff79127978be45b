import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';

/** The linear modules of a layer: what LoRA can be put on. */
export const linearRoles = ['qkv', 'q', 'k', 'v', 'o', 'gate-up', 'gate', 'up', 'down'] as const;
export type LinearRole = (typeof linearRoles)[number];

/** What a module does in the decoder; not every family has each. */
export type Role =
  | 'embedding'
  | 'project-in' // from the embedding's width to the model's
  | 'position' // learned positions
  | 'embedding-norm'
  | 'attention-norm'
  | 'qkv' // q, k and v in one
  | 'q'
  | 'q-norm'
  | 'k'
  | 'k-norm'
  | 'v'
  | 'o'
  | 'attention-post-norm' // on what attention adds
  | 'ffn-norm'
  | 'gate-up' // gate and up in one
  | 'gate'
  | 'up' // the first product of a feed-forward without gate too
  | 'down'
  | 'ffn-post-norm'
  | 'final-norm'
  | 'project-out'
  | 'head'
  | `${LinearRole}-lora-a` // LoRA's two matrices beside the linear module
  | `${LinearRole}-lora-b`
  | 'prefix-key' // learned keys and values before those of the text
  | 'prefix-value';

/** How the model under an adapter is trained: by ZO estimates, or not at all. */
export type BaseLabel = 'frozen' | 'ZO';

/** Role of a tensor in a model of one's own: any word. */
export type OwnRole = string & Record<never, never>;

/** A trainable tensor of the model, without its values. */
export interface ParameterInfo {
  /** Name as in the Hugging Face folder (of a LoRA matrix, as in a PEFT folder), or as the user gave it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Number of values. */
  readonly size: number;
  readonly role: Role | OwnRole;
  /** True for the bias of its module; the weight otherwise. */
  readonly bias?: boolean;
  /** Layer 0..L-1, or -1 for the embedding and L for what follows the last layer. */
  readonly layer: number;
  /** What a layer of one's own is called; its number when left out. */
  readonly layerName?: string;
  /** True for an embedding that is the output head as well. */
  readonly tied: boolean;
  /** On a tensor of the model under an adapter, the label it has from the start: it does not compete for FO. */
  readonly base?: BaseLabel;
}

/** A parameter with its place in true execution order (0 = input side). */
export interface Parameter extends ParameterInfo {
  readonly index: number;
}

/** Gives the tensor to use for a parameter: the stored one, or a changed copy made on the spot. */
export type Weights = (p: Parameter) => Tensor;

/**
 * The model's tensors in execution order. A tensor in the store is never written to: an update puts a new tensor in
 * its place (`replace`), so whoever holds the old values may keep them and every perturbation is undone by forgetting it.
 */
export class ParameterStore {
  readonly list: readonly Parameter[];
  private readonly byName: ReadonlyMap<string, Parameter>;
  private readonly values: (Tensor | undefined)[] = [];

  constructor(infos: readonly ParameterInfo[]) {
    this.list = infos.map((info, index) => Object.freeze({ ...info, index }));
    this.byName = new Map(this.list.map((p) => [p.name, p]));
    if (this.byName.size !== this.list.length) throw new ConfigError('Two parameters have the same name.');
  }

  /** Total number of values. */
  get size(): number {
    return this.list.reduce((n, p) => n + p.size, 0);
  }

  named(name: string): Parameter {
    const p = this.byName.get(name);
    if (!p)
      throw new ConfigError(
        `No parameter is named ${name}. Names look like ${this.list[1]?.name ?? '(none)'}.`,
      );
    return p;
  }

  /** The stored tensor. It belongs to the store: do not dispose it. */
  readonly get: Weights = (p) => {
    const t = this.values[p.index];
    if (!t || t.isDisposed) throw new ConfigError(`${p.name} has no values: the model was disposed.`);
    return t;
  };

  /** Puts `next` in place of the stored tensor and disposes the old one. The store owns `next` from now on. */
  replace(p: Parameter, next: Tensor): void {
    if (next.shape.join() !== p.shape.join()) {
      throw new ConfigError(`${p.name} has shape [${p.shape.join(', ')}], given [${next.shape.join(', ')}].`);
    }
    const old = this.values[p.index];
    this.values[p.index] = keep(next);
    old?.dispose();
  }

  dispose(): void {
    for (const t of this.values) t?.dispose();
  }
}

/** Marks a tensor so that an enclosing tidy (the library's or a user's) does not dispose it. */
function keep(t: Tensor): Tensor {
  t.kept = true;
  return t;
}
