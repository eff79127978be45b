import type { Positions } from './config.ts';

/** Rotary positions of a config. */
export type Rotary = Extract<Positions, { kind: 'rotary' }>;

/** Angle of one position for each pair of dimensions, in radians, in a sequence of `length`. */
export function rotaryFrequencies({ dimensions, theta, scaling }: Rotary, length: number): Float64Array {
  const powers = (base: number) =>
    Float64Array.from({ length: dimensions / 2 }, (_, i) => base ** ((-2 * i) / dimensions));
  const plain = powers(theta);
  switch (scaling.type) {
    case 'default':
      return plain;
    case 'linear':
      return plain.map((f) => f / scaling.factor);
    case 'dynamic': {
      const longer = Math.max(length, scaling.originalLength) / scaling.originalLength;
      const stretch = scaling.factor * longer - (scaling.factor - 1);
      return powers(theta * stretch ** (dimensions / (dimensions - 2)));
    }
    case 'llama3': {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalLength } = scaling;
      return plain.map((f) => {
        const turns = (originalLength * f) / (2 * Math.PI); // turns within the original context
        if (turns < low) return f / factor;
        if (turns > high) return f;
        const smooth = (turns - low) / (high - low);
        return ((1 - smooth) * f) / factor + smooth * f;
      });
    }
    case 'yarn': {
      const { factor, low, high } = scaling;
      const width = high === low ? 0.001 : high - low;
      return plain.map((f, i) => {
        const divided = Math.min(1, Math.max(0, (i - low) / width));
        return (f / factor) * divided + f * (1 - divided);
      });
    }
    case 'longrope': {
      const divisors = length > scaling.originalLength ? scaling.long : scaling.short;
      return plain.map((f, i) => f / divisors[i]!);
    }
  }
}

/**
 * A number that changes when a longer sequence has other angles, also for the tokens that it began with. What was computed
 * from them must then be computed again.
 */
export function angleEpoch({ scaling }: Rotary, length: number): number {
  if (scaling.type === 'dynamic') return Math.max(length, scaling.originalLength);
  return scaling.type === 'longrope' && length > scaling.originalLength ? 1 : 0;
}

/** cos and sin at `positions` of a sequence of `length`, each [positions.length, dimensions / 2], row by row. */
export function rotaryAngles(rotary: Rotary, positions: readonly number[], length: number) {
  const f = rotaryFrequencies(rotary, length);
  const scale = 'attentionFactor' in rotary.scaling ? rotary.scaling.attentionFactor : 1;
  const cos = new Float32Array(positions.length * f.length);
  const sin = new Float32Array(positions.length * f.length);
  positions.forEach((t, row) => {
    f.forEach((w, i) => {
      cos[row * f.length + i] = scale * Math.cos(t * w);
      sin[row * f.length + i] = scale * Math.sin(t * w);
    });
  });
  return { cos, sin, shape: [positions.length, f.length] as [number, number] };
}
