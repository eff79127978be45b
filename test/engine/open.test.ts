import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../src/errors.ts';
import { type EngineName, openEngine, tf } from '../../src/engine/index.ts';

describe('openEngine', () => {
  it('gives one engine a name', async () => {
    expect(await openEngine('wasm')).toBe(await openEngine('wasm'));
    expect(await openEngine('cpu')).not.toBe(await openEngine('wasm'));
  });

  it('makes an engine the current one when it is activated', async () => {
    const [wasm, cpu] = [await openEngine('wasm'), await openEngine('cpu')];
    await wasm.activate();
    expect(tf.getBackend()).toBe('wasm');
    await cpu.activate();
    expect(tf.getBackend()).toBe('cpu');
  });

  it('moves a tensor made on another engine when it is used', async () => {
    const [wasm, cpu] = [await openEngine('wasm'), await openEngine('cpu')];
    await cpu.activate();
    const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    await wasm.activate();
    const sum = wasm.ops.add(a, a);
    expect([...sum.dataSync()]).toEqual([2, 4, 6, 8]);
    tf.dispose([a, sum]);
  });

  it('auto picks an engine that computes and says why the others were not picked', async () => {
    const engine = await openEngine('auto');
    const description = engine.describe();
    expect(['gpu', 'fast', 'native', 'wasm']).toContain(description.name);
    if (description.name === 'wasm')
      expect(description.rejected.map(({ name }) => name)).toEqual(['gpu', 'fast', 'native']);
    expect(String(description)).toContain(description.summary);
  });

  it.each(['banana', '0', '1000'])('refuses HI_ZFO_THREADS=%s, and says what to set', (threads) => {
    const before = process.env.HI_ZFO_THREADS;
    process.env.HI_ZFO_THREADS = threads;
    try {
      expect(() => openEngine('wasm')).toThrow(
        `HI_ZFO_THREADS is "${threads}"; set it to a whole number from 1 to 64`,
      );
      expect(() => openEngine('wasm', { threads: 1 })).not.toThrow();
    } finally {
      if (before === undefined) delete process.env.HI_ZFO_THREADS;
      else process.env.HI_ZFO_THREADS = before;
    }
  });

  it.skipIf(existsSync('/dev/nvidia0'))('sends nobody without a card to the gpu engine', async () => {
    const before = process.env.PATH;
    process.env.PATH = import.meta.dirname;
    try {
      await expect(openEngine('gpu')).rejects.toThrow(
        /there is no NVIDIA card here\. It needs [^;]* with its driver\. Or use the wasm engine/,
      );
    } finally {
      process.env.PATH = before;
    }
  });

  it('refuses a name that no engine has', async () => {
    await expect(openEngine('wsam' as EngineName)).rejects.toThrow(
      "'wsam'. Did you mean wasm? Choose auto, ",
    );
    await expect(openEngine('toString' as EngineName)).rejects.toThrow(/No engine is called 'toString'/);
    await expect(openEngine('webgl' as EngineName)).rejects.toThrow(EngineError);
    await expect(openEngine('webgl' as EngineName)).rejects.toThrow(/webgl/);
  });
});
