import { fileURLToPath } from 'node:url';
import { KernelClient } from '../../src/notebook/run/client.ts';
import type { Message } from '../../src/notebook/run/message.ts';
import { kernelCommand } from '../../src/notebook/run/command.ts';
// @ts-expect-error the build script is plain JavaScript
import { buildKernel } from '../../scripts/build-kernel.mjs';

/** Folder of the package. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the kernel from the sources; returns the command that starts it. */
export async function builtKernel(): Promise<string[]> {
  return kernelCommand(await (buildKernel as () => Promise<string>)());
}

/** Builds and starts the kernel in a folder. */
export async function startKernel(cwd: string = repository): Promise<KernelClient> {
  return KernelClient.start({ argv: await builtKernel(), cwd });
}

/** A message as type and content. */
export interface Said {
  type: string;
  content: Record<string, unknown>;
}

/** What a cell brought about. */
export interface CellOutcome {
  reply: Record<string, unknown>;
  /** All messages but the status ones, in order. */
  said: Said[];
}

/** Runs a cell and collects what the kernel says. */
export async function runCell(
  client: KernelClient,
  code: string,
  content: object = {},
): Promise<CellOutcome> {
  const said: Said[] = [];
  const onMessage = (message: Message): void => {
    if (message.header.msg_type !== 'status')
      said.push({ type: message.header.msg_type, content: message.content });
  };
  const reply = await client.execute(code, { onMessage, content });
  return { reply: reply.content, said };
}

/** text/plain of the cell's result. */
export function resultText({ said }: CellOutcome): unknown {
  const result = said.find((message) => message.type === 'execute_result');
  return (result?.content.data as Record<string, unknown> | undefined)?.['text/plain'];
}

/** Everything that the cell printed to one stream. */
export function printed({ said }: CellOutcome, name = 'stdout'): string {
  const streams = said.filter((message) => message.type === 'stream' && message.content.name === name);
  return streams.map((message) => String(message.content.text)).join('');
}

/** The cell prelude that gives the kernel's own object the name `kernel`. */
export const KERNEL_OBJECT = "const kernel = (globalThis as any)[Symbol.for('hi-zfo.kernel')];";
