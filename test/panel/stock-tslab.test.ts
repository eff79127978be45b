import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KernelClient } from '../../src/notebook/run/client.ts';
import { printed, repository, runCell } from '../kernel/kernel-under-test.ts';

const require = createRequire(import.meta.url);
let folder: string;
let kernel: KernelClient;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-stock-panel-'));
  const tslab = join(require.resolve('tslab/package.json'), '../bin/tslab');
  const argv = [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'];
  kernel = await KernelClient.start({ argv, cwd: folder });
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

it('under stock tslab a panel is a still, and says what it needs', async () => {
  const load = `const library: any = require(${JSON.stringify(join(repository, 'dist/index.cjs'))});`;
  const outcome = await runCell(
    kernel,
    `${load}
     const s = await library.open({ task: 'label', batchSize: 4, method: 'zo', show: false });
     await s.run(2);
     s.panel().show();
     await s.panel().still().png();
     await s.close();`,
  );
  expect(outcome.reply.status, JSON.stringify(outcome)).toBe('ok');
  expect(printed(outcome)).toMatch(/The live panel needs the kernel "TypeScript \(Hi-ZFO\)"/);
  const displays = outcome.said.filter(({ type }) => type.endsWith('display_data'));
  const mimes = displays.map(({ content }) => Object.keys(content.data as object).join());
  expect(mimes).toEqual(['text/plain', 'image/png']);
});
