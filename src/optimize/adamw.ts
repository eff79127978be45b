import { inspect } from 'node:util';
import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { Engine } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import type { Parameter } from '../model/parameters.ts';
import { checkOptions, type Names } from '../options.ts';

/** Settings of AdamW, with PyTorch's names for the betas. */
export interface AdamWOptions {
  /** Defaults to 0.9. */
  beta1?: number;
  /** Defaults to 0.999. */
  beta2?: number;
  /** Added to the root of the second moment; defaults to 1e-8. */
  epsilon?: number;
  /** Decoupled weight decay; defaults to 0. Norm gains are never decayed. */
  weightDecay?: number;
}

/** The moments of one tensor, on the host. */
export interface MomentState {
  m: Float32Array;
  v: Float32Array;
  /** Updates so far. */
  steps: number;
}

interface Moments {
  m: Tensor;
  v: Tensor;
  /** Updates of this tensor so far: each tensor's bias correction counts from its own first update. */
  steps: number;
}

/**
 * AdamW (Loshchilov and Hutter 2019) with moments only for the tensors it has updated. A tensor that joins later starts
 * with zero moments and step 1; `forget` drops the moments of one that leaves.
 */
export class AdamW {
  private readonly moments = new Map<Parameter, Moments>();
  #settings: Required<AdamWOptions>;

  constructor(
    private readonly engine: Engine,
    options: AdamWOptions = {},
  ) {
    this.#settings = adamwSettings(options);
  }

  /** Changes settings from the next update on; moments stay. */
  configure(options: AdamWOptions): void {
    this.#settings = adamwSettings(options);
  }

  /** Parameters that hold moments. */
  get held(): Parameter[] {
    return [...this.moments.keys()];
  }

  /** The new value of `w` and its new moments; nothing is changed until `commit`. */
  propose(
    p: Parameter,
    w: Tensor,
    g: Tensor,
    rate: number,
  ): { w: Tensor; commit: () => void; drop: () => void } {
    const old = this.moments.get(p);
    const zero = old ? undefined : tf.zerosLike(w);
    const steps = (old?.steps ?? 0) + 1;
    const { weightDecay, ...rest } = this.#settings;
    const settings = { ...rest, rate, weightDecay: p.shape.length > 1 ? weightDecay : 0, step: steps };
    let next: { w: Tensor; m: Tensor; v: Tensor };
    try {
      next = this.engine.ops.adamw(w, g, old?.m ?? zero!, old?.v ?? zero!, settings);
    } finally {
      zero?.dispose();
    }
    const { m, v } = next;
    return {
      w: next.w,
      commit: () => {
        this.forget(p);
        this.moments.set(p, { m: tf.keep(m), v: tf.keep(v), steps });
      },
      drop: () => tf.dispose([next.w, m, v]),
    };
  }

  /** The value that one update would give `w`, with nothing kept: what a profile's trial step needs. */
  tried(p: Parameter, w: Tensor, g: Tensor, rate: number): Tensor {
    const next = this.propose(p, w, g, rate);
    const value = next.w.clone();
    next.drop();
    return value;
  }

  /** Updates of `p` so far. */
  updatesOf(p: Parameter): number {
    return this.moments.get(p)?.steps ?? 0;
  }

  /** A copy of the moments of `p`, or nothing when it holds none. */
  async read(p: Parameter): Promise<MomentState | undefined> {
    const held = this.moments.get(p);
    if (!held) return undefined;
    const { steps } = held;
    const [m, v] = (await Promise.all([held.m.data(), held.v.data()])) as [Float32Array, Float32Array];
    return { m: m.slice(), v: v.slice(), steps };
  }

  /** Puts moments in place of those of `p`; without any, it starts anew. */
  restore(p: Parameter, state: MomentState | undefined): void {
    this.forget(p);
    if (!state) return;
    const moment = (x: Float32Array) => tf.tensor(x, [...p.shape], 'float32');
    const { m, v } = tf.tidy(() => ({ m: moment(state.m), v: moment(state.v) })); // both or none
    this.moments.set(p, { m: tf.keep(m), v: tf.keep(v), steps: state.steps });
  }

  forget(p: Parameter): void {
    const old = this.moments.get(p);
    if (old) tf.dispose([old.m, old.v]);
    this.moments.delete(p);
  }

  dispose(): void {
    for (const p of this.held) this.forget(p);
  }
}

const names = { beta1: true, beta2: true, epsilon: true, weightDecay: true } satisfies Names<AdamWOptions>;

/** AdamW options with every default filled in; throws ConfigError for what is unknown or out of range. */
export function adamwSettings(options: AdamWOptions = {}): Required<AdamWOptions> {
  checkOptions('adamw', options, names);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const bad = Object.entries({ beta1, beta2, epsilon, weightDecay }).find(
    ([, x]) => !(x >= 0 && Number.isFinite(x)),
  );
  if (bad || beta1 >= 1 || beta2 >= 1) {
    throw new ConfigError(
      `AdamW settings are ${inspect({ beta1, beta2, epsilon, weightDecay })}; the betas must be numbers in [0, 1), the others be 0 or more.`,
    );
  }
  return { beta1, beta2, epsilon, weightDecay };
}
