import { ConfigError } from '../errors.ts';
import type { AdapterOptions, BaseLabel } from '../model/index.ts';

/** The adapter that the flags ask for, if any. */
export function adapterOptions(
  values: Partial<Record<'lora' | 'lora-alpha' | 'lora-targets' | 'prefix' | 'adapter' | 'base', string>>,
  number: (name: 'lora' | 'lora-alpha' | 'prefix') => number | undefined,
): AdapterOptions | undefined {
  const kinds = (['lora', 'prefix', 'adapter'] as const).filter((name) => values[name] !== undefined);
  if (kinds.length > 1)
    throw new ConfigError(`Give one of --${kinds.join(' and --')}: a model has one adapter.`);
  const [kind] = kinds;
  const details = (['lora-alpha', 'lora-targets'] as const).find((name) => values[name] !== undefined);
  if (details && kind !== 'lora') throw new ConfigError(`--${details} goes with --lora RANK.`);
  if (!kind) {
    if (values.base !== undefined) throw new ConfigError('--base goes with --lora, --prefix or --adapter.');
    return undefined;
  }
  const under = values.base === undefined ? {} : { base: values.base as BaseLabel };
  if (kind === 'adapter') return { from: values.adapter!, ...under };
  if (kind === 'prefix') return { kind, tokens: number('prefix')!, ...under };
  const [alpha, targets] = [number('lora-alpha'), values['lora-targets']];
  return {
    kind,
    rank: number('lora')!,
    ...(alpha !== undefined && { alpha }),
    ...(targets !== undefined && { targets }),
    ...under,
  };
}
