import { spawn } from 'node:child_process';
import { EngineError } from '../../errors.ts';

const KEPT = 4000;

/** Runs a program to its end and gives what it printed. @throws EngineError with `hint` when it is missing or fails */
export function tool(
  program: string,
  args: readonly string[],
  hint: string,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let tail = '';
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-KEPT)));
    child.on('error', (cause) => {
      failed(new EngineError(`${program} does not start (${cause.message}). ${hint}`, { cause }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) return done(printed);
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      failed(new EngineError(`${[program, ...action(args)].join(' ')} ${how}. ${hint}\n${lastWords(tail)}`));
    });
  });
}

/** The arguments that tell people what was done: the module and its command, or the command. */
function action(args: readonly string[]): readonly string[] {
  if (args[0] === '-m') return args.slice(0, 3);
  return args.slice(0, 1).filter((arg) => !arg.startsWith('-'));
}

/** What a program printed in the end, without the stack of a program in JavaScript. */
function lastWords(tail: string): string {
  return tail
    .split('\n')
    .filter((line) => !/^(npm error)?\s+at /.test(line))
    .join('\n')
    .trim();
}
