import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it, vi } from 'vitest';
import * as library from '../../src/index.ts';
import { tf } from '../../src/engine/index.ts';

const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'own-models.md'), 'utf8');
const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((m) => m[1]!);

type Cell = (require: (name: string) => unknown, exports: object) => Promise<void>;

/** Runs an example as a notebook cell would be: imports from the sources, results printed nowhere. */
async function run(code: string): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(`${code}\nexport { s };`, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  const modules: Record<string, unknown> = { '@tensorflow/tfjs': tf, 'hi-zfo': library };
  const exports: Record<string, unknown> = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the example is ours
  const body = new Function('require', 'exports', `return (async () => {${outputText}})()`) as Cell;
  await body((name) => modules[name], exports);
  return exports;
}

describe('docs/own-models.md', () => {
  library.setSink({ kind: 'injected', display: () => undefined });
  afterAll(() => library.setSink(undefined));

  it.each(blocks)('shows an example that runs', async (code) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    try {
      const { s } = (await run(code)) as { s: library.OwnSession };
      expect(s.steps).toBeGreaterThan(0);
      expect(s.rows.at(-1)!.loss).toBeLessThan(s.rows[0]!.loss / 2);
      await s.close();
      expect(log).toHaveBeenCalled();
    } finally {
      log.mockRestore();
    }
  });
});
