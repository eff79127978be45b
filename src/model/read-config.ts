import { join } from 'node:path';
import { ConfigError, FormatError } from '../errors.ts';
import { isGguf, openSource, readJson, type Json } from '../formats/index.ts';
import type { DecoderConfig } from './config.ts';
import { families } from './families/index.ts';
import { Fields } from './fields.ts';

/** model_types that can be loaded. */
export const supportedFamilies: readonly string[] = Object.keys(families);

/**
 * Reads and checks the config of a Hugging Face folder or a .gguf file.
 * @throws FormatError naming the field that is missing or broken, ConfigError for what is not supported
 */
export async function readConfig(path: string): Promise<{ config: DecoderConfig; raw: Json }> {
  const raw = isGguf(path) ? await ggufConfig(path) : await readJson(join(path, 'config.json'));
  if (!raw)
    throw new FormatError(`There is no ${join(path, 'config.json')}. Give a Hugging Face model folder.`);
  return { config: parseConfig(raw, isGguf(path) ? path : join(path, 'config.json')), raw };
}

async function ggufConfig(path: string): Promise<Json> {
  const source = await openSource(path);
  await source.close();
  return source.config;
}

/** Checks a parsed config.json; `path` is named in errors. */
export function parseConfig(raw: Json, path = 'config.json'): DecoderConfig {
  const field = new Fields(raw, path);
  const type = field.raw('model_type');
  if (typeof type !== 'string' || !Object.hasOwn(families, type)) {
    throw new ConfigError(
      `${path}: model_type is ${JSON.stringify(type)}. Supported: ${supportedFamilies.join(', ')}.`,
    );
  }
  if (field.has('quantization_config')) {
    const method = field.object('quantization_config').raw('quant_method');
    throw new ConfigError(
      `${path}: the weights are quantized (${JSON.stringify(method)}), which is not supported. ` +
        'Take the same model in float32, float16 or bfloat16.',
    );
  }
  return families[type]!(field);
}
