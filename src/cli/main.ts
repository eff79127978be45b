#!/usr/bin/env node
import { HiZfoError } from '../errors.ts';
import { version } from '../package-root.ts';
import { engineCommand } from './engine.ts';
import { kernelCommand } from './kernel.ts';
import { pullCommand } from './pull.ts';
import { trainCommand } from './train.ts';

interface Command {
  summary: string;
  run(args: string[]): Promise<void>;
}

const commands: Record<string, Command> = {
  train: trainCommand,
  engine: engineCommand,
  kernel: kernelCommand,
  pull: pullCommand,
};

const usage = `hi-zfo ${version()}: hierarchical zeroth- and first-order fine-tuning

${Object.entries(commands)
  .map(([name, { summary }]) => `  hi-zfo ${name.padEnd(8)} ${summary}`)
  .join('\n')}

hi-zfo COMMAND --help tells more.`;

const [name, ...rest] = process.argv.slice(2);
try {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') console.log(usage);
  else if (name === '--version') console.log(version());
  else if (Object.hasOwn(commands, name)) await commands[name]!.run(rest);
  else throw new HiZfoError(`There is no command ${name}.\n\n${usage}`);
} catch (error) {
  // our own errors say all there is to say; others are bugs and keep their stack
  const known =
    error instanceof HiZfoError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  console.error(known ? `hi-zfo: ${(error as Error).message}` : error);
  process.exitCode = 1;
}
