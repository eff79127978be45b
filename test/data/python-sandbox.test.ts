import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkProgram, humanEvalScores, passAtK } from '../../src/data/metrics/human-eval.ts';
import { assertPython, runPythonPrograms } from '../../src/data/metrics/python-sandbox.ts';
import { ConfigError, HiZfoError } from '../../src/errors.ts';
import { sharedPath } from '../shared.ts';

const python = spawnSync('python3', ['--version']).status === 0;
const linux = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);

/** Passes when `attempt` is refused by one of the errors that a fence raises. */
const refused = (attempt: string): string =>
  `import os, sys\ntry:\n    ${attempt.replaceAll('\n', '\n    ')}\n` +
  'except (PermissionError, ImportError, OSError):\n    pass\nelse:\n    raise AssertionError("it went through")\n';

async function passes(program: string, options = {}): Promise<boolean> {
  return (await runPythonPrograms([program], options))[0]!;
}

describe.skipIf(!python)(
  'Python programs in isolation (skipped without python3)',
  { timeout: 120_000 },
  () => {
    it('pass when they run to their end, each alone', async () => {
      const programs = [
        'x = 1',
        'assert 1 == 2',
        'raise SystemExit(0)',
        'import sys; sys.exit()',
        'import os; os._exit(0)',
        'def f(:',
        'print("x" * 10**6)\nimport sys\nsys.stderr.write("y")',
        'assert input() == ""',
        'import difflib, csv, textwrap\nassert difflib.SequenceMatcher(None, "ab", "ab").ratio() == 1',
        'def f(n): return f(n + 1)\nf(0)',
        'x = 1',
      ];
      const want = [true, false, false, false, false, false, true, false, true, false, true];
      expect(await runPythonPrograms(programs)).toEqual(want);
    });

    it('end at their limits of time and memory', async () => {
      expect(await passes('while True: pass', { seconds: 1 })).toBe(false);
      expect(await passes('import time\ntime.sleep(600)', { patience: 2 })).toBe(false);
      expect(await passes('x = bytearray(2**31)')).toBe(false);
      expect(await passes('x = []\nwhile True: x.append("a" * 2**20)')).toBe(false);
      expect(await passes('x = bytearray(2**24)')).toBe(true);
    });

    it('start no process and no thread, and signal no one', async () => {
      const attempts = [
        'os.fork()',
        'while True: os.fork()',
        'os.system("true")',
        'os.execv("/bin/true", ["true"])',
        'os.posix_spawn("/bin/true", ["true"], {})',
        'import subprocess\nsubprocess.run(["true"])',
        'import multiprocessing\nmultiprocessing.Process(target=print).start()',
        'os.kill(os.getppid(), 9)',
        'import ctypes\nctypes.CDLL(None).fork()',
        'import _posixsubprocess',
        'import resource',
      ];
      expect(await runPythonPrograms(attempts.map(refused))).toEqual(attempts.map(() => true));
      const thread = 'import threading\ntry:\n    threading.Thread(target=print).start()\n';
      expect(
        await passes(`${thread}except (RuntimeError, PermissionError):\n    pass\nelse:\n    1 / 0`),
      ).toBe(true);
    });

    it('write, rename and remove no file', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'python-'));
      const path = JSON.stringify(join(dir, 'x'));
      const attempts = [
        `open(${path}, "w").write("x")`,
        `open("here", "w")`,
        `os.open(${path}, os.O_WRONLY | os.O_CREAT)`,
        `os.mkdir(${path})`,
        `os.symlink("/etc/passwd", ${path})`,
        `os.mknod(${path})`,
        `os.rename(${JSON.stringify(dir)}, ${JSON.stringify(`${dir}2`)})`,
        `os.rmdir(${JSON.stringify(dir)})`,
        `import shutil\nshutil.rmtree(${JSON.stringify(dir)})`,
        `os.chmod(${JSON.stringify(dir)}, 0o777)`,
        `import tempfile\ntempfile.mkdtemp()`,
      ];
      // Python has no event for mknod, so the filter alone stands in its way
      const tried = attempts.filter((a) => linux || !a.includes('mknod'));
      expect(await runPythonPrograms(tried.map(refused))).toEqual(tried.map(() => true));
      expect(existsSync(dir)).toBe(true);
      expect(readdirSync(dir)).toEqual([]);
    });

    it('reach no network', async () => {
      let calls = 0;
      const server = createServer((socket) => {
        calls++;
        socket.destroy();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      try {
        const attempts = [
          `import socket\nsocket.create_connection(("127.0.0.1", ${port}), 2)`,
          `import _socket\n_socket.socket()`,
          `import urllib.request\nurllib.request.urlopen("http://127.0.0.1:${port}", timeout=2)`,
          `import http.client\nhttp.client.HTTPConnection("127.0.0.1", ${port}, timeout=2).connect()`,
        ];
        expect(await runPythonPrograms(attempts.map(refused))).toEqual(attempts.map(() => true));
        expect(calls).toBe(0);
      } finally {
        server.close();
      }
    });

    it.skipIf(!linux)('stand behind a filter of the kernel on Linux', async () => {
      expect(await passes('assert "Seccomp:\\t2" in open("/proc/self/status").read()')).toBe(true);
    });

    it('see no environment and leave nothing behind', async () => {
      process.env.HI_ZFO_TEST_SECRET = 'x';
      try {
        const before = readdirSync(tmpdir()).filter((f) => f.startsWith('hi-zfo-python-')).length;
        expect(await passes('import os\nassert "HI_ZFO_TEST_SECRET" not in os.environ')).toBe(true);
        expect(readdirSync(tmpdir()).filter((f) => f.startsWith('hi-zfo-python-')).length).toBe(before);
      } finally {
        delete process.env.HI_ZFO_TEST_SECRET;
      }
    });

    it('stop when told to', async () => {
      const signal = AbortSignal.abort();
      await expect(runPythonPrograms(['x = 1'], { signal })).rejects.toThrow(/abort/i);
    });

    const file = sharedPath('data', 'humaneval', 'HumanEval.jsonl.gz');
    it.skipIf(!file)(
      'judge HumanEval: its own solutions pass, others fail (skipped without the data)',
      async () => {
        const rows = gunzipSync(readFileSync(file!)).toString().trim().split('\n');
        const examples = [0, 2, 32, 38, 53, 80, 107, 127, 150, 163].map((i) => {
          const row = JSON.parse(rows[i]!) as Record<string, string>;
          return {
            prompt: row.prompt!,
            completion: row.canonical_solution!,
            meta: { test: row.test, entryPoint: row.entry_point },
          };
        });
        const own = examples.map((e) => e.completion);
        expect((await humanEvalScores(own, examples)).values).toEqual({ 'pass@1': 1 });
        const wrong = own.map(
          (code, i) => [`    return None\n`, `${code}\n!`, '', '    while False: pass'][i % 4]!,
        );
        expect((await humanEvalScores(wrong, examples)).each).toEqual(own.map(() => 0));
      },
    );
  },
);

describe('pass@1 in Python', () => {
  it('says what to install without Python', async () => {
    await expect(assertPython('/nowhere/python3')).rejects.toThrow(HiZfoError);
    await expect(assertPython('/nowhere/python3')).rejects.toThrow(/\/nowhere\/python3.*HI_ZFO_PYTHON/s);
    const example = { prompt: '', completion: '', meta: { test: '', entryPoint: 'f' } };
    await expect(humanEvalScores([''], [example], { python: '/nowhere/python3' })).rejects.toThrow(
      /Install Python/,
    );
  });

  it('needs tests', () => {
    expect(() => checkProgram({ prompt: '', completion: '' }, '')).toThrow(ConfigError);
  });
});

describe('pass@k', () => {
  it('is the chance that k of the samples hold a right one', () => {
    const subsets = (n: number, k: number): number[][] =>
      k === 0
        ? [[]]
        : Array.from({ length: n }, (_, i) => subsets(i, k - 1).map((rest) => [...rest, i])).flat();
    for (const [n, c, k] of [
      [5, 2, 1],
      [5, 2, 3],
      [6, 1, 4],
      [4, 0, 2],
      [4, 4, 2],
      [7, 6, 2],
    ] as const) {
      const all = subsets(n, k);
      const hit = all.filter((set) => set.some((i) => i < c)).length;
      expect(passAtK(n, c, k)).toBeCloseTo(hit / all.length, 12);
    }
    expect(() => passAtK(3, 1, 4)).toThrow(ConfigError);
    expect(() => passAtK(3, 4, 1)).toThrow(ConfigError);
  });
});
