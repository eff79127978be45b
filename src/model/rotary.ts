import type { LlamaConfig } from './config.ts';

/** Angle of one position for each of the headDim / 2 pairs, in radians (Llama's half-split rotary embedding). */
export function rotaryFrequencies(config: LlamaConfig): Float64Array {
  const { headDim, ropeTheta, ropeScaling } = config;
  const base = Float64Array.from({ length: headDim / 2 }, (_, i) => ropeTheta ** ((-2 * i) / headDim));
  if (ropeScaling.type === 'default') return base;
  if (ropeScaling.type === 'linear') return base.map((f) => f / ropeScaling.factor);
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = ropeScaling;
  return base.map((f) => {
    const turns = (originalLength * f) / (2 * Math.PI); // turns within the original context
    if (turns < low) return f / factor;
    if (turns > high) return f;
    const smooth = (turns - low) / (high - low);
    return ((1 - smooth) * f) / factor + smooth * f;
  });
}

/** cos and sin at `positions`, each [positions.length, headDim / 2], row by row. */
export function rotaryAngles(config: LlamaConfig, positions: readonly number[]) {
  const f = rotaryFrequencies(config);
  const cos = new Float32Array(positions.length * f.length);
  const sin = new Float32Array(positions.length * f.length);
  positions.forEach((t, row) => {
    f.forEach((w, i) => {
      cos[row * f.length + i] = Math.cos(t * w);
      sin[row * f.length + i] = Math.sin(t * w);
    });
  });
  return { cos, sin, shape: [positions.length, f.length] as [number, number] };
}
