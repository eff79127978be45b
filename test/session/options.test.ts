import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { open, type OpenOptions } from '../../src/session/index.ts';
import { start, weights } from './opened.ts';

/** What a call in plain JavaScript throws or rejects with. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
}

it('a setting that is given as undefined stays as it is', async () => {
  const s = await start({ rateFO: 0.5 });
  s.set({ rateFO: undefined, alpha: 0.25 });
  expect(s.settings).toMatchObject({ rateFO: 0.5, alpha: 0.25 });
  expect(s.events.at(-1)!.text).toBe('alpha = 0.25');
});

describe('open refuses, before anything is trained,', () => {
  const cases: [object, RegExp][] = [
    [
      { adapter: { kind: 'lora', rnak: 4 } },
      /adapter has no option rnak\. Did you mean rank\? Options are kind/,
    ],
    [{ adapter: { kind: 'lora', tokens: 4 } }, /adapter has no option tokens\. Options are kind, rank/],
    [{ adapter: { kind: 'prefix', token: 4 } }, /adapter has no option token\. Did you mean tokens\?/],
    [{ adapter: { kind: 'lorra', rank: 4 } }, /kind is "lorra"; take 'lora' or 'prefix'/],
    [{ adapter: { from: '.', rank: 4 } }, /adapter has no option rank\. Options are from, base/],
    [{ adapter: { from: '.', kind: 'lora' } }, /give \{ from \} and base alone/],
    [{ adapter: 'lora' }, /adapter takes options by name, such as \{ kind: \.\.\. \}; given 'lora'/],
    [{ snapshots: { evry: 5 } }, /snapshots has no option evry\. Did you mean every\?/],
    [{ snapshots: 5 }, /snapshots takes options by name, such as \{ every: \.\.\. \}; given 5/],
    [{ snapshots: { bytes: '5' } }, /Snapshots of '5' bytes/],
    [{ adamw: { beta_1: 0.9 } }, /adamw has no option beta_1\. Did you mean beta1\?/],
    [{ adamw: null }, /adamw takes options by name.*given null/],
    [{ adamw: { beta1: '0.9' } }, /beta1: '0\.9'.*betas must be numbers/],
    [{ rho: '0.6' }, /rho is '0\.6'; .* a number from 0 to 1/],
    [{ clipNorm: '1' }, /clipNorm is '1'; it must be a positive number/],
    [{ rateFO: '1e-3' }, /rateFO is '1e-3'; it must be a number/],
    [{ engine: 5 }, /engine is 5; give a name such as 'wasm', or what openEngine\(\) gave/],
    [{ resume: 5 }, /resume is 5; give the folder of a saved run/],
    [{ task: 'mine', data: { train: 'a', tset: 'b' } }, /data has no option tset\. Did you mean test\?/],
    [{ task: 'mine', data: 5 }, /data is 5; give a file, a folder, or \{ train, validation, test \}/],
    [{ epsilon: '1e-3' }, /epsilon is '1e-3'; it must be a positive number/],
  ];
  it.each(cases)('%o', async (options, message) => {
    const error = await failure(() => open({ task: 'label', show: false, ...options } as OpenOptions));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });

  it.each([[5], [null], ['tiny'], [[]]])('%o in place of its options', async (options) => {
    const error = await failure(() => open(options as never));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(/open takes options by name, such as \{ model: \.\.\. \}/);
  });
});

it('every call of a session refuses what it does not know, and nothing has changed', async () => {
  const s = await start();
  const before = await weights(s);
  const { settings } = s;
  const events = s.events.length;
  // as in a plain JavaScript cell
  const js = s as unknown as Record<string, (...args: unknown[]) => unknown>;
  const cases: [call: string, args: unknown[], message: RegExp][] = [
    ['run', [2, { sohw: true }], /run has no option sohw\. Did you mean show\?/],
    ['run', ['5'], /run\('5'\): give the number of steps, a whole number/],
    ['run', [1, { onStep: 5 }], /run: onStep is 5; give a function/],
    ['run', [1, { signal: 5 }], /run: signal is 5; give an AbortController's signal/],
    ['variance', [{ batch: -3 }], /variance: batch is -3; give the training step/],
    ['descent', [{ batch: '3' }], /descent: batch is '3'; give the training step/],
    ['variance', [{ from: s.history }], /from is a Result; give the data of an earlier report/],
    ['variance', [{ from: 5 }], /from is 5; give the data of an earlier report/],
    ['run', [5, 10], /run takes options by name, such as \{ show: \.\.\. \}; given 10/],
    ['profile', [{ bathces: 2 }], /profile has no option bathces\. Did you mean batches\?/],
    ['profile', [3], /profile takes options by name, such as \{ batches: \.\.\. \}; given 3/],
    ['profile', [null], /profile takes options by name.*given null/],
    ['profile', [{ batches: '2' }], /batches is '2'; give a whole number/],
    ['profile', [{ rho: '0.6' }], /rho is '0\.6'/],
    ['partition', [{ roh: 0.5 }], /partition has no option roh\. Did you mean rho\?/],
    ['partition', [0.6], /partition takes options by name, such as \{ rho: \.\.\. \}; given 0\.6/],
    ['partition', [{ rho: '0.6' }], /rho is '0\.6'/],
    ['partition', [{ rho: 2 }], /rho is 2/],
    ['partition', [{ solver: 'exakt' }], /solver is "exakt"/],
    ['partition', [{ rest: 'FO' }], /rest is "FO"; take 'ZO' or 'frozen'/],
    ['repartition', [0.6], /partition takes options by name/],
    ['variance', [{ drwas: 8 }], /variance has no option drwas\. Did you mean draws\?/],
    ['variance', [{ queries: 8 }], /queries is 8; give a list of the numbers of queries to report: \[8\]/],
    ['sweep', ['epsilon', [1e-3], { queries: 8 }], /queries is 8; give a list/],
    ['sweep', ['epsilon', [1e-3], { batches: 3, routes: { trie: 2 } }], /routes has no option trie\./],
    ['sweep', ['epsilon', [1e-3], { bathces: 3 }], /sweep has no option bathces/],
    ['sweep', ['epsilon', 1e-3], /values of the sweep over epsilon are 0\.001; give a list: \[0\.001\]/],
    ['landscape', [{ point: 5 }], /landscape has no option point\. Did you mean points\?/],
    ['plane', [{ pionts: 5 }], /plane has no option pionts\. Did you mean points\?/],
    ['sharpness', [{ probe: 5 }], /sharpness has no option probe\. Did you mean probes\?/],
    ['descent', [{ draw: 5 }], /descent has no option draw\. Did you mean draws\?/],
    ['descent', [{ multiples: 2 }], /multiples is 2; give a list of positive numbers/],
    ['evaluate', [{ example: 5 }], /evaluate has no option example\. Did you mean examples\?/],
    ['evaluate', [5], /evaluate takes options by name, such as \{ examples: \.\.\. \}; given 5/],
    ['evaluate', [{ stop: 'x' }], /stop is 'x'; give a list of texts/],
    ['generate', ['a', { temprature: 1 }], /generate has no option temprature\. Did you mean temperature\?/],
    ['generate', ['a', { stop: 'x' }], /stop is 'x'; give a list of texts/],
    ['generate', ['a', { topP: '1' }], /topP is '1'; give a number above 0/],
    ['generate', [5], /generate was given 5; give a text, a conversation/],
    ['generate', [undefined], /generate was given undefined; give a text/],
    ['generate', [['a', 5]], /generate was given 5; give a text/],
    ['save', ['/nowhere/hi-zfo', { dtpye: 'F16' }], /save has no option dtpye\. Did you mean dtype\?/],
    ['autosave', [{ evry: 5, dir: 'x' }], /autosave has no option evry\. Did you mean every\?/],
    ['autosave', [5], /autosave takes options by name, such as \{ every: \.\.\. \}; given 5/],
    ['autosave', [{ every: '5', dir: 'x' }], /every '5' steps/],
    ['probe', [{ evry: 5 }], /probe has no option evry\. Did you mean every\?/],
    ['probe', [undefined], /probe takes options by name.*given undefined/],
    ['set', [undefined], /set takes options by name.*given undefined/],
    ['set', [{ adamw: { beta_1: 0.9 } }], /adamw has no option beta_1/],
  ];
  for (const [call, args, message] of cases) {
    const error = await failure(() => js[call]!(...args));
    expect(error, `${call}: ${String(error)}`).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  }
  expect(s.events).toHaveLength(events);
  expect(s.labels).toBeUndefined();
  expect(s.settings).toBe(settings);
  expect(s.steps).toBe(0);
  expect(await weights(s)).toEqual(before);
});
