import { inspect } from 'node:util';
import { KERNEL } from '../notebook/kernel-api.ts';
import { defineGlobals } from './globals.ts';
import { CellHandler } from './handler.ts';
import { offerModules } from './offered.ts';
import { KernelServer } from './server.ts';
import { CellSession } from './session.ts';
import { offered, root } from './tslab.ts';

const flag = process.argv.indexOf('--connection-file');
const connectionFile = flag < 0 ? undefined : process.argv[flag + 1];
if (connectionFile === undefined) {
  process.stderr.write(
    'hi-zfo kernel: no --connection-file given. Jupyter starts this program itself; to run a notebook without Jupyter use `npm start -- --headless`.\n',
  );
  process.exit(1);
}

// Ten frames of a library would leave no room for the cell's own.
Error.stackTraceLimit = 40;
offerModules(offered, root);
const session = new CellSession(process.cwd());
const handler = new CellHandler(session);

// What a cell leaves behind must not take the kernel down: it is printed, readable, under the cell that ran last.
const complain = (what: string, reason: unknown): void => {
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : inspect(reason);
  process.stderr.write(`${what}: ${session.sources.readable(text)}\n`);
};
process.on('uncaughtException', (error) => complain('Uncaught exception', error));
process.on('unhandledRejection', (reason) => complain('Unhandled rejection', reason));
process.on('SIGINT', () => handler.interrupts.press());

defineGlobals((stack) => session.sources.readable(stack));
const server = new KernelServer(handler, connectionFile, complain);
(globalThis as { [KERNEL]?: unknown })[KERNEL] = server.api();
await server.init();
