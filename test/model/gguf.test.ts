import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';
import { openSource } from '../../src/formats/index.ts';
import { DeviceBatch, loadModel, lossOf, parseConfig } from '../../src/model/index.ts';
import { goldenBatch, readJson, type Expected } from '../goldens.ts';
import { noLeaks } from '../no-leaks.ts';

// files by llama.cpp's package in half precision (scripts/goldens-gguf.py); losses by PyTorch in float32
it.each(['llama-rope-llama3', 'qwen2', 'qwen3', 'gpt2'])(
  '%s from GGUF is the model of its folder',
  async (name) => {
    const folder = join('test', 'goldens', 'model', name);
    const path = join('test', 'goldens', 'gguf', `${name}.gguf`);
    const engine = await openEngine('cpu');
    await noLeaks(async () => {
      const source = await openSource(path);
      const raw = readJson<Record<string, unknown>>(folder, 'config.json');
      const { norm, ...config } = parseConfig(source.config, path);
      const { norm: wantNorm, ...want } = parseConfig(raw, folder);
      expect(config).toEqual(want);
      expect(norm).toEqual({ ...wantNorm, epsilon: Math.fround(wantNorm.epsilon) });
      const model = await loadModel(engine, source);
      await source.close();
      const golden = readJson<Expected>(folder, 'expected.json');
      const batch = new DeviceBatch(goldenBatch(golden), model.config);
      const loss = await lossOf(model, model.parameters.get, batch);
      expect(Math.abs(loss - golden.loss)).toBeLessThan(1e-3);
      batch.dispose();
      model.dispose();
    });
  },
);
