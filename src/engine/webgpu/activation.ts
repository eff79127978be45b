import type { Tensor2D } from '@tensorflow/tfjs';
import type { Activation } from '../engine.ts';
import { differentiable } from '../ops/differentiable.ts';
import { elementwise } from './elementwise.ts';
import { FUNCTIONS } from './wgsl-functions.ts';

/** See {@link Ops.activate}: one program each way. */
export function activate(x: Tensor2D, activation: Activation): Tensor2D {
  const functions = FUNCTIONS + activations[activation];
  const { shape } = x;
  return differentiable<Tensor2D, 'x'>(
    { x },
    (save) => {
      save([x]);
      const program = { key: activation, inputs: { X: x }, outputs: { Y: shape }, uniforms: {} };
      return elementwise(program, 'Y[i] = value(X[i]);', functions).Y as Tensor2D;
    },
    (dy, [input]) => ({
      x: () => {
        const inputs = { X: input!, DY: dy };
        const program = { key: `${activation} gradient`, inputs, outputs: { DX: shape }, uniforms: {} };
        return elementwise(program, 'DX[i] = DY[i] * slope(X[i]);', functions).DX;
      },
    }),
  );
}

/** See {@link Ops.gated}: one program each way. */
export function gated(gate: Tensor2D, up: Tensor2D, activation: Activation): Tensor2D {
  const functions = FUNCTIONS + activations[activation];
  const { shape } = gate;
  return differentiable<Tensor2D, 'gate' | 'up'>(
    { gate, up },
    (save) => {
      save([gate, up]);
      const inputs = { GATE: gate, UP: up };
      const program = { key: `${activation} gate`, inputs, outputs: { Y: shape }, uniforms: {} };
      return elementwise(program, 'Y[i] = value(GATE[i]) * UP[i];', functions).Y as Tensor2D;
    },
    (dy, saved) => {
      const inputs = { GATE: saved[0]!, UP: saved[1]!, DY: dy };
      const outputs = { DGATE: shape, DUP: shape };
      const { DGATE, DUP } = elementwise(
        { key: `${activation} gate gradient`, inputs, outputs, uniforms: {} },
        'DUP[i] = DY[i] * value(GATE[i]); DGATE[i] = DY[i] * UP[i] * slope(GATE[i]);',
        functions,
      );
      return { gate: () => DGATE, up: () => DUP };
    },
  );
}

/** The functions and their derivatives. Whatever drops a NaN is multiplied by x. */
const activations: Record<Activation, string> = {
  silu: `
    fn value(x: f32) -> f32 { return x * sigmoid(x); }
    fn slope(x: f32) -> f32 { let s = sigmoid(x); return s * (1.0 + x * (1.0 - s)); }`,
  gelu: `
    fn share(x: f32) -> f32 { return 0.5 * (1.0 + erf(x * ${Math.SQRT1_2})); }
    fn value(x: f32) -> f32 { return x * share(x); }
    fn slope(x: f32) -> f32 { return share(x) + x * (${1 / Math.sqrt(2 * Math.PI)} * exp(-0.5 * min(x * x, 160.0))); }`,
  // 1 + tanh(u) = 2 sigmoid(2u); past 16 the sigmoid is 0 or 1
  'gelu-tanh': `
    fn square(x: f32) -> f32 { return min(x * x, 256.0); }
    fn share(x: f32) -> f32 { return sigmoid(${2 * Math.sqrt(2 / Math.PI)} * x * (1.0 + 0.044715 * square(x))); }
    fn value(x: f32) -> f32 { return x * share(x); }
    fn slope(x: f32) -> f32 {
      let s = share(x);
      return s * (1.0 + x * (1.0 - s) * ${2 * Math.sqrt(2 / Math.PI)} * (1.0 + ${3 * 0.044715} * square(x)));
    }`,
  relu: `
    fn value(x: f32) -> f32 { return select(max(x, 0.0), x, isNaN(x)); }
    fn slope(x: f32) -> f32 { return select(f32(x > 0.0), x, isNaN(x)); }`,
};
