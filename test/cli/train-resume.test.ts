import { execFile, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../session/small-model.ts';

const root = join(import.meta.dirname, '..', '..');
const command = [
  '--import',
  'tsx',
  join(root, 'src', 'cli', 'main.ts'),
  'train',
  '--json',
  '--held-out',
  '0',
];
const at = testFolder();
const base = () => ['--model', at.model, '--task', 'label', '--batch', '2', '--rate-fo', '1e-3'];

type Line = Record<string, unknown>;
const parsed = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
/** Step, losses and coefficient of each step that was told. */
const steps = (lines: Line[]) =>
  lines.flatMap(({ step, loss, perturbed, c }) => (c === undefined ? [] : [{ step, loss, perturbed, c }]));

async function train(...args: string[]): Promise<Line[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [...command, ...args], { cwd: root });
  return parsed(stdout);
}
const refused = (...args: string[]) =>
  train(...args).then(
    () => 'nothing',
    (error: { stderr: string }) => error.stderr,
  );

describe('hi-zfo train', { timeout: 60_000 }, () => {
  it('saves itself as it goes, and goes on, killed or ended, as if it had not stopped', async () => {
    const out = join(at.dir, 'a run');
    const child = spawn(
      process.execPath,
      [...command, ...base(), '--recompute', '--steps', '100000', '--out', out, '--autosave', '2'],
      { cwd: root },
    );
    let told = '';
    child.stdout.on('data', (chunk: Buffer) => {
      told += String(chunk);
      if (told.includes('"step":4')) child.kill('SIGKILL');
    });
    expect(await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)))).toBe('SIGKILL');
    const { step, state } = JSON.parse(await readFile(join(out, 'hi-zfo.json'), 'utf8')) as {
      step: number;
      state: { settings: { recompute: boolean }[] };
    };
    expect([step > 0, step % 2]).toEqual([true, 0]);
    expect(state.settings[0]!.recompute).toBe(true);
    const straight = steps(await train(...base(), '--steps', String(step + 3)));
    expect(steps(await train('--resume', out, '--steps', '2', '--out', out))).toEqual(
      straight.slice(step, step + 2),
    );
    expect(steps(await train('--resume', out, '--steps', '1'))).toEqual(straight.slice(step + 2));
    const [warning] = await train('--resume', out, '--steps', '1', '--engine', 'cpu');
    expect(warning).toEqual({
      warning: expect.stringMatching(/bits may differ .* engine was/) as string,
    });
  });

  it('refuses what cannot be saved or resumed before it trains', async () => {
    const thesis = join(at.dir, 'thesis');
    await mkdir(thesis);
    await writeFile(join(thesis, 'thesis.txt'), 'years of work');
    expect(await refused(...base(), '--steps', '1', '--out', thesis)).toMatch(/holds other files/);
    expect(await refused(...base(), '--autosave', '2')).toMatch(/--autosave 2 needs --out DIR/);
    expect(await refused(...base(), '--autosave', '1.5', '--out', 'x')).toMatch(/--autosave is 1.5/);
    expect(await refused('--resume', at.model)).toMatch(/is not a saved run/);
    expect(await refused('--resume', join(at.dir, 'none'))).toMatch(/There is no folder/);
    expect(await readdir(thesis)).toEqual(['thesis.txt']);
  });

  it('trains an adapter, goes on with it and merges it', async () => {
    const lora = [...base(), '--method', 'full', '--lora', '2', '--lora-targets', 'q v'];
    const out = join(at.dir, 'lora');
    const straight = steps(await train(...lora, '--steps', '3'));
    expect(steps(await train(...lora, '--steps', '2', '--out', out))).toEqual(straight.slice(0, 2));
    expect(steps(await train('--resume', out, '--steps', '1'))).toEqual(straight.slice(2));
    const merged = join(at.dir, 'merged');
    await train(...base(), '--method', 'mezo', '--adapter', out, '--base', 'ZO', '--steps', '1', '--out', merged, '--merge'); // prettier-ignore
    expect(await readdir(merged)).toContain('model.safetensors');
    expect(await readdir(merged)).not.toContain('adapter_config.json');
    expect(await refused(...lora, '--prefix', '3')).toMatch(/one of --lora and --prefix/);
    expect(await refused(...base(), '--base', 'ZO')).toMatch(/--base goes with/);
    expect(await refused(...lora, '--merge')).toMatch(/--merge needs --out/);
  });
});
