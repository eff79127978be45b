import type { Tensor } from '@tensorflow/tfjs';
import { tf } from '../../engine/tf.ts';
import type { TensorCost } from '../tensor-cost.ts';

/** An operation on TF.js's tape, as far as it is used here. */
interface TapeNode {
  inputs: Record<string, Tensor>;
  outputs: Tensor[];
  gradient?: (dys: Tensor[]) => Record<string, () => Tensor>;
}

/** What one operation took, by the clock. */
interface NodeTime {
  inputs: { name: string; id: number }[];
  outputs: number[];
  forward: number;
  /** Before the gradients of the inputs are asked for one by one: all of it, for a fused operation. */
  backward: number;
  /** The gradient of each input. */
  gradients: Record<string, number>;
}

/**
 * What the operations of one forward and backward pass take, by watching the tape that TF.js records. The clock counts anything that
 * goes up as work is done: milliseconds, or multiply-adds.
 */
export class TapeWatch {
  readonly nodes: NodeTime[] = [];
  #last = 0;

  constructor(private readonly clock: () => number) {}

  /** The forward pass begins; the tape has been started. */
  begin(): void {
    const tape = this.#tape;
    const push = tape.push.bind(tape);
    tape.push = (node) => {
      this.#add(node);
      const length = push(node);
      this.#last = this.clock();
      return length;
    };
    this.#last = this.clock();
  }

  /** The forward pass has ended, the backward pass begins. */
  turn(): void {
    this.#tape.forEach((node, i) => this.#watch(node, this.nodes[i]!));
  }

  get #tape(): TapeNode[] {
    return tf.engine().state.activeTape;
  }

  #add({ inputs, outputs }: TapeNode): void {
    this.nodes.push({
      inputs: Object.entries(inputs).map(([name, { id }]) => ({ name, id })),
      outputs: outputs.map((t) => t.id),
      forward: this.clock() - this.#last,
      backward: 0,
      gradients: {},
    });
  }

  #watch(node: TapeNode, times: NodeTime): void {
    const { gradient } = node;
    if (!gradient) return;
    node.gradient = (dys) => {
      const [thunks, took] = this.#timed(() => gradient(dys));
      times.backward = took;
      const watched = Object.entries(thunks).map(([name, thunk]) => [
        name,
        () => {
          const [dx, spent] = this.#timed(thunk);
          times.gradients[name] = spent;
          return dx;
        },
      ]);
      return Object.fromEntries(watched) as Record<string, () => Tensor>;
    };
  }

  #timed<T>(work: () => T): [T, number] {
    const start = this.clock();
    const result = work();
    return [result, this.clock() - start];
  }
}

/**
 * What each tensor costs by the least times of several equal passes, in units of the clock. `ids` are the tensors' on the tape, in execution
 * order. Which operations run in a backward pass follows from the graph: those on a way from a selected tensor to the loss. The
 * level of a value is the last tensor that it depends on, so what carries the error down to a value of level k runs when tensor
 * k or one below it is selected: it is t_dy of tensor k. The gradient of tensor k itself is t_dw. So C(m) is exact for every selection
 * that reaches up to the loss, without assuming a chain, and by GreenTrainer's rule for the others.
 */
export function costsOfTape(watches: readonly TapeWatch[], ids: readonly number[]): TensorCost[] {
  const nodes = leastOf(watches.map((w) => w.nodes));
  const costs = ids.map((): TensorCost => ({ dy: 0, dw: 0, fp: 0 }));
  const place = new Map(ids.map((id, k) => [id, k]));
  const level = new Map(place);
  for (const node of nodes) {
    const levels = node.inputs.map(({ id }) => level.get(id) ?? -1);
    const own = Math.max(-1, ...levels);
    costs[Math.max(0, own)]!.fp += node.forward;
    if (own < 0) continue; // no gradient passes here
    for (const id of node.outputs) level.set(id, own);
    costs[own]!.dy += node.backward;
    node.inputs.forEach(({ name, id }, i) => {
      const spent = node.gradients[name] ?? 0;
      const k = place.get(id);
      if (k !== undefined) costs[k]!.dw += spent;
      else if (levels[i]! >= 0) costs[levels[i]!]!.dy += spent;
    });
  }
  return costs;
}

/** Each operation's least times; of passes that differ in their operations, the last alone. */
function leastOf(passes: readonly (readonly NodeTime[])[]): readonly NodeTime[] {
  const last = passes.at(-1)!;
  if (passes.some((nodes) => nodes.length !== last.length)) return last;
  return last.map((node, i) => {
    const all = passes.map((nodes) => nodes[i]!);
    const least = (of: (n: NodeTime) => number) => Math.min(...all.map(of));
    const names = Object.keys(node.gradients);
    return {
      ...node,
      forward: least((n) => n.forward),
      backward: least((n) => n.backward),
      gradients: Object.fromEntries(names.map((name) => [name, least((n) => n.gradients[name] ?? Infinity)])),
    };
  });
}
