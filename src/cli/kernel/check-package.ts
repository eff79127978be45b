import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelCommand } from '../../notebook/run/command.ts';
import { kernelMain } from './content.ts';
import { atLeast, isWell, ok, skipped, wrong, type Finding, type Patient } from './finding.ts';

export const OLDEST_NODE = '20.19.0';
const BUILT = [
  'dist/kernel/main.mjs',
  'dist/kernel/heartbeat.mjs',
  'dist/still-worker.mjs',
  'dist/index.cjs',
];
const KERNEL_MS = 60_000;

export function checkNode({ node }: Patient): Finding {
  return atLeast(node.version, OLDEST_NODE)
    ? ok('node', `${node.version} at ${node.path}`)
    : wrong(
        'node',
        `${node.version} at ${node.path} is too old`,
        `Install Node ${OLDEST_NODE} or newer (https://nodejs.org), then: hi-zfo kernel install`,
      );
}

export function checkBuild({ root }: Patient): Finding {
  const missing = BUILT.filter((path) => !existsSync(join(root, path)));
  return missing.length === 0
    ? ok('package', root)
    : wrong(
        'package',
        `${missing.join(', ')} missing in ${root}`,
        'In a checkout run: npm run build. Otherwise: npm install hi-zfo',
      );
}

const message = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

export function checkTslab({ root }: Patient): Finding {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const pinned = manifest.dependencies.tslab!;
  const todo = `Install it again: npm install (the kernel uses internals of tslab ${pinned} and of no other version)`;
  const require = createRequire(join(root, 'package.json'));
  try {
    const { version } = require('tslab/package.json') as { version: string };
    if (version !== pinned) return wrong('tslab', `version ${version}, needed is ${pinned}`, todo);
    require('tslab/dist/converter.js');
    return ok('tslab', version);
  } catch (error) {
    return wrong('tslab', message(error), todo);
  }
}

export function checkZeromq({ root }: Patient): Finding {
  const require = createRequire(join(root, 'package.json'));
  try {
    const { version } = require('zeromq') as { version: string };
    return ok('zeromq', `libzmq ${version}`);
  } catch (error) {
    return wrong(
      'zeromq',
      `it does not load: ${message(error)}`,
      'Install it again for this Node and machine: npm rebuild zeromq, or npm install',
    );
  }
}

/** Starts the kernel, without Jupyter, and runs a cell. */
export async function checkKernel(patient: Patient, before: readonly Finding[]): Promise<Finding> {
  const name = 'kernel';
  const ill = before.filter((finding) => !isWell(finding)).map((finding) => finding.name);
  if (ill.length > 0) return skipped(name, `cannot start without ${ill.join(', ')}`);
  // Not at the top: it loads zeromq, which may be what is wrong.
  const { KernelClient } = await import('../../notebook/run/client.ts');
  const cwd = mkdtempSync(join(tmpdir(), 'hi-zfo-doctor-'));
  const start = performance.now();
  try {
    const argv = kernelCommand(kernelMain(patient.root), patient.node.path);
    const client = await KernelClient.start({ argv, cwd, timeout: KERNEL_MS });
    try {
      let answer: unknown;
      const info = await client.request('kernel_info_request', {}, { timeout: KERNEL_MS });
      await client.execute('const six: number = 6;\nsix * 7', {
        timeout: KERNEL_MS,
        onMessage: ({ header, content }) => {
          if (header.msg_type === 'execute_result')
            answer = (content.data as Record<string, unknown>)['text/plain'];
        },
      });
      if (answer !== '42') throw new Error(`a cell with 6 * 7 gave ${String(answer)}`);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      return ok(name, `${String(info.content.banner)}; started and ran a cell in ${seconds} s`);
    } finally {
      await client.close();
    }
  } catch (error) {
    return wrong(
      name,
      message(error),
      `Start it by hand and read what it says: ${patient.node.path} ${kernelMain(patient.root)}`,
    );
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
