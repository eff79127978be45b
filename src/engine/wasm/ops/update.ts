import type { Tensor } from '@tensorflow/tfjs';
import type { AdamWSettings } from '../../engine.ts';
import type { Distribution, NoiseKey } from '../../../noise/index.ts';
import { checkKey } from '../../../noise/index.ts';
import { tf } from '../../tf.ts';
import type { Workspace } from '../workspace.ts';

/** Floats of one call of the dot product. */
const DOT_PART = 2 ** 17;

/** See {@link Ops.noise}: the same numbers as src/noise, to 2e-6. */
export function noise(space: Workspace, shape: number[], key: NoiseKey, law: Distribution): Tensor {
  const out = space.empty(shape);
  draw(space, 0, out, 1, key, law);
  return out;
}

/** See {@link Ops.perturb}. */
export function perturb<T extends Tensor>(
  space: Workspace,
  w: T,
  scale: number,
  key: NoiseKey,
  law: Distribution,
): T {
  const out = space.empty<T>(w.shape);
  draw(space, space.at(w), out, scale, key, law);
  return out;
}

function draw(
  space: Workspace,
  w: number,
  out: Tensor,
  scale: number,
  key: NoiseKey,
  law: Distribution,
): void {
  checkKey(key);
  const words = [key.seed, key.step, key.query, key.tensor];
  const [to, signs] = [space.at(out), Number(law === 'rademacher')];
  const part = (first: number, n: number) => {
    const from = w && w + 4 * first;
    return [from, to + 4 * first, n, scale, ...words, first / 4, signs];
  };
  space.split('noise', out.size, 1, part, true);
}

/** See {@link Ops.addScaled}. */
export function addScaled<T extends Tensor>(space: Workspace, a: T, b: T, scale: number): T {
  const out = space.empty<T>(a.shape);
  const at = [a, b, out].map((t: Tensor) => space.at(t));
  space.split('addScaled', a.size, 1, (first, n) => [...at.map((p) => p + 4 * first), n, scale]);
  return out;
}

/** See {@link Ops.adamw}: one pass. */
export function adamw<T extends Tensor>(
  space: Workspace,
  w: T,
  g: T,
  m: T,
  v: T,
  s: AdamWSettings,
): { w: T; m: T; v: T } {
  const empty = () => space.empty<T>(w.shape);
  const next = tf.tidy(() => ({ w: empty(), m: empty(), v: empty() })); // all or none
  const at = [w, g, m, v, next.w, next.m, next.v].map((tensor: Tensor) => space.at(tensor));
  const decay = 1 - s.rate * s.weightDecay;
  const step = s.rate / (1 - s.beta1 ** s.step);
  const root = 1 / (1 - s.beta2 ** s.step);
  const betas = [s.beta1, 1 - s.beta1, s.beta2, 1 - s.beta2];
  const settings = [...betas, decay, step, root, s.epsilon];
  space.split('adamw', w.size, 1, (first, n) => [...at.map((p) => p + 4 * first), n, ...settings]);
  return next;
}

/** See {@link Ops.dot}. */
export function dot(space: Workspace, pairs: readonly (readonly [Tensor, Tensor])[]): Promise<number> {
  let sum = 0;
  for (const [a, b] of pairs) {
    const [x, y] = [space.at(a), space.at(b)];
    sum += space.sum('dot', a.size, DOT_PART, (first, n) => [x + 4 * first, y + 4 * first, n]);
  }
  return Promise.resolve(sum);
}
