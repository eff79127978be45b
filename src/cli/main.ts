#!/usr/bin/env node
import { didYouMean, HiZfoError } from '../errors.ts';
import { version } from '../package-root.ts';
import { engineCommand } from './engine.ts';
import { kernelCommand } from './kernel.ts';
import { pullCommand } from './pull.ts';
import { trainCommand } from './train.ts';

interface Command {
  summary: string;
  /** What --help says: every option is in it. */
  help: string;
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
  else
    throw new HiZfoError(
      `There is no command ${name}.${didYouMean(name, Object.keys(commands))}\n\n${usage}`,
    );
} catch (error) {
  // our own errors say all there is to say; others are bugs and keep their stack
  const said = error instanceof HiZfoError ? error.message : misread(error);
  console.error(said !== undefined ? `hi-zfo: ${said}` : error);
  process.exitCode = 1;
}

/** What parseArgs did not understand, and what to do; undefined for other errors. */
function misread(error: unknown): string | undefined {
  const { code, message } = error as Error & { code?: string };
  if (!code?.startsWith('ERR_PARSE_ARGS')) return undefined;
  const option = /^Unknown option '(--?[\w-]+)'/.exec(message)?.[1];
  const known = commands[name!]!.help.match(/--[a-z-]+/g) ?? [];
  const wrong = option === undefined ? message : `There is no option ${option}.${didYouMean(option, known)}`;
  return `${wrong}${/[.?]$/.test(wrong) ? '' : '.'} hi-zfo ${name} --help lists all options.`;
}
