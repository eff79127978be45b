import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { fillNoise, tensorId } from '../../src/noise/index.ts';

describe('tensorId', () => {
  it('is stable', () => {
    // From a separate implementation in Python.
    expect(tensorId('')).toBe(2872998923);
    expect(tensorId('model.layers.0.self_attn.q_proj.weight')).toBe(3702609020);
  });

  it('tells the tensors of a large model apart', () => {
    const parts = [
      'q_proj',
      'k_proj',
      'v_proj',
      'o_proj',
      'gate_proj',
      'up_proj',
      'down_proj',
      'norm1',
      'norm2',
    ];
    const names = Array.from({ length: 200 }, (_, layer) =>
      parts.map((part) => `model.layers.${layer}.${part}.weight`),
    );
    expect(new Set(names.flat().map(tensorId)).size).toBe(names.flat().length);
  });
});

describe('a noise key', () => {
  it.each([-1, 0.5, 2 ** 32, Number.NaN])('refuses the word %s', (step) => {
    const key = { seed: 0, step, query: 0, tensor: 0 };
    expect(() => fillNoise(new Float32Array(4), key, 'gaussian')).toThrow(ConfigError);
    expect(() => fillNoise(new Float32Array(4), key, 'gaussian')).toThrow(/step/);
  });
});
