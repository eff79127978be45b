/**
 * How long a command of the panel takes while a session trains, measured from outside the kernel, where a page sits:
 * from the moment it is sent until its answer, and until a state that shows its effect. Beside it the time of a step,
 * since edits land between two steps.
 *   npx tsx bench/panel.ts [--commands 60] [--model tiny] [--batch 4]
 * Needs a build. Prints a table; writes nothing.
 */
import { parseArgs } from 'node:util';
import { KernelClient } from '../src/notebook/run/client.ts';
import type { Message } from '../src/notebook/run/message.ts';
import { kernelCommand } from '../src/notebook/run/command.ts';
import type { PanelMessage, PanelState } from '../src/panel/protocol.ts';
import { packageRoot } from '../src/package-root.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: {
    commands: { type: 'string', default: '60' },
    model: { type: 'string', default: 'tiny' },
    batch: { type: 'string', default: '4' },
  },
});

let model = '';
let state: PanelState | undefined;
const answers = new Map<string, PanelMessage>();
const looks = new Set<() => void>();
const listen = ({ header, content }: Message): void => {
  const { comm_id: id, data } = content as { comm_id?: string; data?: Record<string, unknown> };
  if (header.msg_type === 'comm_open') model = id ?? '';
  const said = (data ?? {}) as { state?: { panel?: PanelState }; content?: PanelMessage };
  state = said.state?.panel ?? state;
  if (said.content?.type === 'answer') answers.set(said.content.id, said.content);
  for (const look of looks) look();
};
const until = (holds: () => boolean) =>
  new Promise<number>((resolve) => {
    const look = () => {
      if (!holds()) return;
      looks.delete(look);
      resolve(performance.now());
    };
    looks.add(look);
    look();
  });

const kernel = await KernelClient.start({
  argv: kernelCommand(`${packageRoot()}/dist/kernel/main.mjs`),
  cwd: packageRoot(),
});
const cell = (code: string) => kernel.execute(code, { onMessage: listen });
const ask = (command: object) => {
  const id = String(answers.size + Math.floor(performance.now() * 1000));
  kernel.send('comm_msg', { comm_id: model, data: { method: 'custom', content: { id, ...command } } });
  return id;
};

const taken = {
  'preview, answer': [] as number[],
  'label, answer': [] as number[],
  'label, shown': [] as number[],
};
try {
  kernel.onMessage = listen;
  await cell(
    `import { open } from 'hi-zfo';
     const s = await open({ model: '${args.model}', task: 'label', seed: 1, batchSize: ${args.batch}, show: false });
     await s.profile(); await s.partition({ rho: 0.5 });
     s.panel()`,
  );
  ask({ do: 'curves' });
  const run = cell('await s.run(1000000, { show: false });');
  await until(() => (state?.steps ?? 0) > 5);
  for (let i = 0; i < Number(args.commands); i++) {
    // at any place within a step
    await new Promise((resolve) => setTimeout(resolve, 37 * (i % 11)));
    let start = performance.now();
    const preview = ask({ do: 'preview', rho: 0.3 + (i % 7) / 10 });
    taken['preview, answer'].push((await until(() => answers.has(preview))) - start);
    const [tensor, label] = [3 + (i % 40), i % 2 ? 'ZO' : 'FO'];
    const letter = label[0];
    if (state?.labels[tensor] === letter) continue;
    start = performance.now();
    const edit = ask({ do: 'label', tensors: [tensor], label });
    const shown = until(() => state?.labels[tensor] === letter);
    taken['label, answer'].push((await until(() => answers.has(edit))) - start);
    taken['label, shown'].push((await shown) - start);
  }
  const stepMs = 1000 * (state?.secondsPerStep ?? NaN);
  kernel.interrupt();
  await run;
  const at = (sorted: number[], share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  console.log(`${machine()}; ${args.model}, batch ${args.batch}: ${stepMs.toFixed(0)} ms a step\n`);
  console.log('| | n | median ms | p95 ms |\n| --- | --- | --- | --- |');
  for (const [what, ms] of Object.entries(taken)) {
    const sorted = ms.sort((a, b) => a - b);
    console.log(
      `| ${what} | ${ms.length} | ${at(sorted, 0.5).toFixed(0)} | ${at(sorted, 0.95).toFixed(0)} |`,
    );
  }
} finally {
  await kernel.close();
}
