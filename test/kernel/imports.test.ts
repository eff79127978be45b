import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KernelClient } from '../../src/notebook/run/client.ts';
import { kernelCommand } from '../../src/notebook/run/command.ts';
import { builtKernel, repository, resultText, runCell } from './kernel-under-test.ts';

/** A package of our name with the built kernel and a small library, so that no build of the real one is needed. */
let folder: string;
let kernel: KernelClient;
beforeAll(async () => {
  await builtKernel();
  folder = mkdtempSync(join(tmpdir(), 'hi-zfo-imports-'));
  const home = join(folder, 'package');
  mkdirSync(join(home, 'dist'), { recursive: true });
  mkdirSync(join(folder, 'elsewhere/notebooks'), { recursive: true });
  cpSync(join(repository, 'dist/kernel'), join(home, 'dist/kernel'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(home, 'node_modules'));
  const entry = { require: { types: './dist/index.d.cts', default: './dist/index.cjs' } };
  const manifest = {
    name: 'hi-zfo',
    version: '9.9.9',
    type: 'module',
    main: './dist/index.cjs',
    types: './dist/index.d.cts',
  };
  writeFileSync(join(home, 'package.json'), JSON.stringify({ ...manifest, exports: { '.': entry } }));
  writeFileSync(
    join(home, 'dist/index.cjs'),
    "const aq = require('arquero'); exports.answer = () => aq.table({ x: [42] });",
  );
  writeFileSync(
    join(home, 'dist/index.d.cts'),
    "import type { ColumnTable } from 'arquero';\n/** The answer. */\nexport declare function answer(): ColumnTable;\n",
  );
  const argv = kernelCommand(join(home, 'dist/kernel/main.mjs'));
  kernel = await KernelClient.start({ argv, cwd: join(folder, 'elsewhere/notebooks') });
});
afterAll(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

describe('imports from a folder that has none of the packages', () => {
  it('hi-zfo, arquero and tensors run', async () => {
    const cell = await runCell(
      kernel,
      `import * as hz from 'hi-zfo'; import * as aq from 'arquero'; import * as tf from '@tensorflow/tfjs';
       const sum: number = tf.tensor1d([1, 2]).sum().dataSync()[0];
       [hz.answer().get('x', 0), aq.op.abs(-1), sum]`,
    );
    expect(cell.reply.status).toBe('ok');
    expect(resultText(cell)).toBe('[ 42, 1, 3 ]');
  });

  it('have types', async () => {
    const { reply } = await runCell(kernel, 'const wrong: number = hz.answer();');
    expect(reply.ename).toBe('TypeScriptError');
    expect(reply.evalue).toContain('ColumnTable');
  });

  it('have completion and documentation', async () => {
    const { content } = await kernel.request('complete_request', { code: 'hz.ans', cursor_pos: 6 });
    expect(content.matches).toContain('answer');
    const info = await kernel.request('inspect_request', {
      code: 'hz.answer',
      cursor_pos: 5,
      detail_level: 0,
    });
    expect(JSON.stringify(info.content.data)).toContain('The answer.');
  });

  it('of other names still fail', async () => {
    const { reply } = await runCell(kernel, "import * as nothing from 'no-such-package'; nothing");
    expect(reply.evalue).toContain("Cannot find module 'no-such-package'");
  });

  it('prefer a copy of the notebook folder', async () => {
    const own = join(folder, 'own');
    mkdirSync(join(own, 'node_modules/arquero'), { recursive: true });
    writeFileSync(
      join(own, 'node_modules/arquero/package.json'),
      '{"name":"arquero","main":"i.js","types":"i.d.ts"}',
    );
    writeFileSync(join(own, 'node_modules/arquero/i.js'), "exports.mine = 'own copy';");
    writeFileSync(join(own, 'node_modules/arquero/i.d.ts'), 'export declare const mine: string;');
    const argv = kernelCommand(join(folder, 'package/dist/kernel/main.mjs'));
    const other = await KernelClient.start({ argv, cwd: own });
    try {
      expect(resultText(await runCell(other, "import { mine } from 'arquero'; mine"))).toBe('own copy');
    } finally {
      await other.close();
    }
  });
});
