import { ConfigError } from '../../errors.ts';
import type { DecoderConfig } from '../config.ts';
import { namePattern } from '../name-pattern.ts';
import { linearRoles, type LinearRole } from '../parameters.ts';

/** A linear module of a layer. */
export interface LinearModule {
  role: LinearRole;
  /** As in the Hugging Face folder, without `.weight`. */
  name: string;
}

/** The linear modules of every layer of a model. */
export function linearModules({ layers, names }: DecoderConfig): LinearModule[] {
  return Array.from({ length: layers }, (_, l) =>
    linearRoles.flatMap((role) => {
      const name = names[role]?.replace('*', String(l));
      return name === undefined ? [] : [{ role, name }];
    }),
  ).flat();
}

/**
 * Names of the modules that `targets` mean; by default queries and values, or what holds them. Throws ConfigError naming a
 * target that means none.
 */
export function targetModules(config: DecoderConfig, targets?: string | readonly string[]): string[] {
  const modules = linearModules(config);
  const fused = config.names.qkv !== undefined;
  const given = targets ?? (fused ? ['qkv'] : ['q', 'v']);
  const list = typeof given === 'string' ? given.split(/[\s,]+/).filter(Boolean) : given;
  if (list.length === 0) throw new ConfigError(`The adapter has no targets. ${known(config)}`);
  const found = new Set<string>();
  for (const target of list) {
    const matches = namePattern(target);
    const meant = modules.filter(({ role, name }) => {
      return target === 'all-linear' || target === role || matches(name) || matches(`${name}.weight`);
    });
    if (meant.length === 0) {
      throw new ConfigError(
        `The adapter's target ${JSON.stringify(target)} means no module. ${known(config)}`,
      );
    }
    for (const { name } of meant) found.add(name);
  }
  return modules.map(({ name }) => name).filter((name) => found.has(name));
}

/** What can be a target. */
function known({ modelType, names }: DecoderConfig): string {
  const own = linearRoles.flatMap((role) => {
    const name = names[role]?.split('.').at(-1);
    return name === undefined ? [] : [name === role ? role : `${role} (${name})`];
  });
  return `LoRA goes on linear modules of layers, in ${modelType} ${own.join(', ')}, or all-linear.`;
}
