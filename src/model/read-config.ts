import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, FormatError } from '../errors.ts';
import type { LlamaConfig } from './config.ts';
import { families } from './families/index.ts';
import { Fields } from './fields.ts';

/** model_types that can be loaded. */
export const supportedFamilies: readonly string[] = Object.keys(families);

/**
 * Reads and checks DIR/config.json.
 * @throws FormatError naming the field that is missing or broken, ConfigError for what is not supported
 */
export async function readConfig(
  dir: string,
): Promise<{ config: LlamaConfig; raw: Record<string, unknown> }> {
  const path = join(dir, 'config.json');
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`Cannot read ${path}: ${why}. Give a Hugging Face model folder.`, { cause });
  }
  return { config: parseConfig(raw, path), raw };
}

/** Checks a parsed config.json; `path` is named in errors. */
export function parseConfig(raw: Record<string, unknown>, path = 'config.json'): LlamaConfig {
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
