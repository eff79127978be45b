import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/model/index.ts';
import { rotaryAngles, type Rotary } from '../../src/model/rotary.ts';

const yarn = { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 1024 };
const longrope = {
  rope_type: 'longrope',
  partial_rotary_factor: 0.5,
  short_factor: [1, 1.1, 1.3],
  long_factor: [1.5, 2, 4],
};
const llama3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};

/**
 * Angles of position 1 in a sequence of some length and the factor of cos and sin, as transformers 5.23 has them
 * (ROPE_INIT_FUNCTIONS, float32). Heads of 12 dimensions, theta 10,000.
 */
const cases: {
  name: string;
  rope: Record<string, unknown>;
  config: Record<string, unknown>;
  length: number;
  angles: number[];
  factor: number;
}[] = [
  {
    name: 'linear',
    rope: { rope_type: 'linear', factor: 4 },
    config: { max_position_embeddings: 64 },
    length: 10,
    angles: [0.25, 0.05386086, 0.01160397, 0.0025, 0.0005386086, 0.0001160397],
    factor: 1,
  },
  {
    name: 'dynamic within the context',
    rope: { rope_type: 'dynamic', factor: 3 },
    config: { max_position_embeddings: 64 },
    length: 10,
    angles: [1, 0.2154434, 0.04641588, 0.01, 0.002154434, 0.0004641589],
    factor: 1,
  },
  {
    name: 'dynamic beyond it',
    rope: { rope_type: 'dynamic', factor: 3 },
    config: { max_position_embeddings: 64 },
    length: 100,
    angles: [1, 0.1767924, 0.03125555, 0.005525746, 0.0009769098, 0.0001727103],
    factor: 1,
  },
  {
    name: 'llama3',
    rope: llama3,
    config: { max_position_embeddings: 512 },
    length: 10,
    angles: [1, 0.1019893, 0.005801986, 0.00125, 0.0002693043, 5.801987e-5],
    factor: 1,
  },
  {
    name: 'yarn',
    rope: yarn,
    config: { max_position_embeddings: 4096 },
    length: 10,
    angles: [1, 0.2154434, 0.03481191, 0.005, 0.0005386086, 0.0001160397],
    factor: 1.138629436,
  },
  {
    name: 'yarn with all its fields',
    rope: { ...yarn, mscale: 0.7, mscale_all_dim: 1.3, beta_fast: 20, beta_slow: 2, truncate: false },
    config: { max_position_embeddings: 4096 },
    length: 10,
    angles: [1, 0.2154434, 0.03171679, 0.0025, 0.0005386086, 0.0001160397],
    factor: 0.929523492,
  },
  {
    name: 'longrope within the original context, half of each head',
    rope: longrope,
    config: { model_type: 'phi3', max_position_embeddings: 256, original_max_position_embeddings: 64 },
    length: 64,
    angles: [1, 0.04219626, 0.001657257],
    factor: 1.154700538,
  },
  {
    name: 'longrope beyond it',
    rope: longrope,
    config: { model_type: 'phi3', max_position_embeddings: 256, original_max_position_embeddings: 64 },
    length: 65,
    angles: [0.6666667, 0.02320794, 0.0005386086],
    factor: 1.154700538,
  },
];

const sizes = {
  model_type: 'llama',
  vocab_size: 67,
  hidden_size: 96,
  num_hidden_layers: 1,
  num_attention_heads: 8,
  intermediate_size: 8,
};

describe.each(cases)('$name', ({ rope, config, length, angles, factor }) => {
  // transformers 5 writes rope_parameters; 4 has theta and the share that turns beside rope_scaling
  const { partial_rotary_factor: partial, ...scaling } = rope;
  const forms = {
    'of transformers 5': { rope_parameters: { rope_theta: 10_000, ...rope } },
    'of transformers 4': { rope_theta: 10_000, partial_rotary_factor: partial, rope_scaling: scaling },
  };
  it.each(Object.entries(forms))('in a config %s', (_, form) => {
    const { positions } = parseConfig({ ...sizes, ...config, ...form });
    const table = rotaryAngles(positions as Rotary, [0, 1], length);
    expect(table.shape).toEqual([2, angles.length]);
    angles.forEach((angle, i) => {
      const at = angles.length + i;
      expect(Math.abs(table.cos[i]! - factor)).toBeLessThan(1e-6);
      expect(Math.abs(table.cos[at]! - factor * Math.cos(angle))).toBeLessThan(1e-6);
      expect(Math.abs(table.sin[at]! / (factor * Math.sin(angle)) - 1)).toBeLessThan(2e-6);
    });
  });
});
