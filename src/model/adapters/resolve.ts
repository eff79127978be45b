import { ConfigError } from '../../errors.ts';
import type { DecoderConfig } from '../config.ts';
import type { Adapter, Lora, LoraOptions, Prefix, PrefixOptions } from './options.ts';
import { targetModules } from './targets.ts';

const bases: readonly unknown[] = ['frozen', 'ZO'];
const inits: readonly unknown[] = ['tokens', 'noise'];

/** Fills in defaults and checks ranges against a model; throws ConfigError. */
export function resolveAdapter(config: DecoderConfig, options: LoraOptions | PrefixOptions): Adapter {
  const { base = 'frozen' } = options;
  if (!bases.includes(base)) {
    throw new ConfigError(`The adapter's base is ${JSON.stringify(base)}; take 'frozen' or 'ZO'.`);
  }
  if (options.kind === 'lora') return lora(config, { ...options, base });
  if (options.kind === 'prefix') return prefix(config, { ...options, base });
  throw new ConfigError(
    `The adapter's kind is ${JSON.stringify((options as { kind: unknown }).kind)}; take 'lora' or 'prefix', or { from: FOLDER }.`,
  );
}

function lora(config: DecoderConfig, options: LoraOptions & Pick<Lora, 'base'>): Lora {
  const { rank = 8, alpha = 16, rankStabilized = false, base, targets } = options;
  if (!(Number.isSafeInteger(rank) && rank >= 1)) {
    throw new ConfigError(`The adapter's rank is ${rank}; give a whole number from 1 on.`);
  }
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw new ConfigError(`The adapter's alpha is ${alpha}; give a positive number.`);
  }
  return { kind: 'lora', rank, alpha, rankStabilized, base, targets: targetModules(config, targets) };
}

function prefix(config: DecoderConfig, options: PrefixOptions & Pick<Prefix, 'base'>): Prefix {
  const { tokens = 5, init = 'tokens', base } = options;
  if (!(Number.isSafeInteger(tokens) && tokens >= 1)) {
    throw new ConfigError(`The prefix has ${tokens} tokens; give a whole number from 1 on.`);
  }
  if (tokens > config.maxPositions - 2) {
    throw new ConfigError(
      `A prefix of ${tokens} tokens leaves no room for text: the model has ${config.maxPositions} positions.`,
    );
  }
  if (!inits.includes(init)) {
    throw new ConfigError(`The prefix's init is ${JSON.stringify(init)}; take 'tokens' or 'noise'.`);
  }
  return { kind: 'prefix', tokens, init, base };
}
