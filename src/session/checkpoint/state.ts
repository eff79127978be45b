import type { Direction } from '../../estimate/index.ts';
import type { CostUnit, Parameter } from '../../model/index.ts';
import type { Schedule } from '../../optimize/index.ts';
import { Partition, type Budget, type Label, type Reason } from '../../partition/index.ts';
import type { Profile } from '../../profile/index.ts';
import type { StepRecord, TrainerState, ZOUpdate } from '../../train/index.ts';
import type { HistoryParts } from './history.ts';
import { exact, number, type Json } from './json.ts';
import { readSettings, writeSettings } from './settings.ts';

/** One letter a tensor. */
const labelLetters: Record<string, Label> = { F: 'FO', Z: 'ZO', x: 'frozen' };
const reasonLetters: Record<string, Reason> = {
  c: 'chosen',
  o: 'over budget',
  n: 'no gain',
  r: 'out of reach',
  h: 'by hand',
  a: 'all',
  b: 'base',
};

/** Numbers the distinct things of a run, which many steps share. */
class Table<T> {
  readonly items: T[] = [];
  readonly #index = new Map<T, number>();

  of(item: T): number {
    const known = this.#index.get(item);
    if (known !== undefined) return known;
    this.#index.set(item, this.items.length);
    return this.items.push(item) - 1;
  }
}

/**
 * All that a run needs to go on, but weights, moments and history: the steps with their scalars (the seed log), and the
 * labels, profiles and settings that they point to.
 */
export function writeState(state: TrainerState, parameters: readonly Parameter[]): object {
  const partitions = new Table<Partition>();
  const profiles = new Table<Profile>();
  const settings = new Table<StepRecord['settings']>();
  const pointers = (s: Pick<StepRecord, 'profile' | 'settings'> & { labels: Partition | undefined }) => ({
    labels: s.labels ? partitions.of(s.labels) : null,
    settings: settings.of(s.settings),
    profile: s.profile ? profiles.of(s.profile) : null,
  });
  const steps = state.log.map((record) => ({
    ...pointers(record),
    factor: number(record.factor),
    events: record.events,
    ...(record.skipped && { skipped: true }),
    ...(record.forgot.length > 0 && { forgot: record.forgot.map((p) => p.index) }),
    ...(record.update && writeUpdate(record.update)),
  }));
  const now = { ...pointers(state), forgot: state.forgot.map((p) => p.index) };
  const solved = partitions.items.map((p) => writePartition(p, profiles));
  return {
    tensors: parameters.map((p) => p.name),
    now,
    steps,
    partitions: solved,
    profiles: profiles.items.map(writeProfile),
    settings: settings.items.map(writeSettings),
  };
}

/** Reads what `writeState` wrote for the same tensors; throws CheckpointError naming what does not fit. */
export function readState(
  json: Json,
  history: HistoryParts,
  parameters: readonly Parameter[],
  { seed, schedule }: { seed: number; schedule?: Schedule | undefined },
): TrainerState {
  const names = json.at('tensors').list((item) => item.text());
  if (names.join() !== parameters.map((p) => p.name).join()) json.at('tensors').fail("the model's tensors");
  const profiles = json.at('profiles').list((item) => readProfile(item, parameters));
  const partitions = json.at('partitions').list((item) => readPartition(item, profiles, parameters));
  const settings = json.at('settings').list((item) => readSettings(item, schedule));
  const from = <T>(item: Json, table: readonly T[]): T => table[item.whole(0, table.length - 1)]!;
  const tensors = (item: Json) => item.optional((i) => i.list((x) => from(x, parameters))) ?? [];
  const pointed = (item: Json) => ({
    labels: item.at('labels').optional((i) => from(i, partitions)),
    settings: from(item.at('settings'), settings),
    profile: item.at('profile').optional((i) => from(i, profiles)),
    forgot: tensors(item.at('forgot')),
  });
  const log = json.at('steps').list((item, step): StepRecord => {
    const { labels, ...rest } = pointed(item);
    return Object.freeze({
      ...rest,
      labels: labels ?? item.at('labels').fail('labels: a step has some'),
      factor: item.at('factor').number(),
      events: item.at('events').whole(0, history.events.length),
      skipped: item.at('skipped').optional((i) => i.yes()) ?? false,
      update: readUpdate(item, rest.settings, seed, step),
    });
  });
  if (log.length !== history.rows.length)
    json.at('steps').fail(`${history.rows.length} steps, as in history`);
  return { ...history, ...pointed(json.at('now')), log };
}

function writeUpdate({ rate, scalars, directions }: ZOUpdate): object {
  const scales = directions.flatMap((u) => (u.scale === undefined ? [] : [number(u.scale)]));
  return { rate: number(rate), scalars: scalars.map(number), ...(scales.length > 0 && { scales }) };
}

function readUpdate(item: Json, s: StepRecord['settings'], seed: number, step: number): ZOUpdate | undefined {
  const numbers = (i: Json) => i.list((x) => x.number());
  const scalars = item.at('scalars').optional(numbers);
  if (!scalars) return undefined;
  const { law, rank } = s;
  const scales = item.at('scales').optional(numbers);
  if (law === 'sphere' && scales?.length !== scalars.length)
    item.at('scales').fail(`${scalars.length} numbers`);
  const directions = scalars.map((_, query): Direction => {
    return { seed, step, query, law, rank, ...(scales && { scale: scales[query]! }) };
  });
  const by = s.updateZO === 'adamw' ? 'adamw' : 'sgd';
  return { by, directions, scalars, rate: item.at('rate').number() };
}

function writePartition(p: Partition, profiles: Table<Profile>): object {
  return {
    labels: letters(
      p.entries.map((e) => e.label),
      labelLetters,
    ),
    reasons: letters(
      p.entries.map((e) => e.reason),
      reasonLetters,
    ),
    edits: p.edits,
    profile: p.profile ? profiles.of(p.profile) : null,
    budget: p.budget ? exact(p.budget) : null,
  };
}

function readPartition(
  json: Json,
  profiles: readonly Profile[],
  parameters: readonly Parameter[],
): Partition {
  const labels = fromLetters(json.at('labels'), labelLetters, parameters.length);
  const reasons = fromLetters(json.at('reasons'), reasonLetters, parameters.length);
  return Partition.restored({
    entries: parameters.map((parameter, i) => ({ parameter, label: labels[i]!, reason: reasons[i]! })),
    profile: json.at('profile').optional((item) => profiles[item.whole(0, profiles.length - 1)]),
    budget: json.at('budget').optional(readBudget),
    edits: json.at('edits').list((item) => item.text()),
  });
}

function readBudget(json: Json): Budget {
  const warning = json.at('warning').optional((item) => item.text());
  return {
    rho: json.at('rho').number(),
    share: json.at('share').number(),
    cost: json.at('cost').number(),
    ...(warning !== undefined && { warning }),
  };
}

const entryNames = ['importance', 'standardError', 'dy', 'dw', 'fp'] as const;
const costUnits = ['multiply-adds', 'nanoseconds'] as const satisfies readonly CostUnit[];
const profileNumbers = ['batches', 'scale', 'lossBefore', 'lossAfter'] as const;

function writeProfile({ entries, ...rest }: Profile): object {
  const missing = entries.flatMap((e, i) => (e.reached ? [] : [i]));
  const columns = entryNames.map((name) => [name, entries.map((e) => number(e[name]))]);
  return {
    ...(exact(rest) as object),
    ...(missing.length > 0 && { missing }),
    entries: Object.fromEntries(columns) as object,
  };
}

function readProfile(json: Json, parameters: readonly Parameter[]): Profile {
  const columns = entryNames.map((name) => {
    const column = json.at('entries').at(name);
    const values = column.list((item) => item.number());
    if (values.length !== parameters.length) column.fail(`${parameters.length} numbers, one a tensor`);
    return values;
  });
  const numbers = <K extends string>(item: Json, names: readonly K[]) =>
    Object.fromEntries(names.map((name) => [name, item.at(name).number()])) as Record<K, number>;
  const last = parameters.length - 1;
  const missing = new Set(json.at('missing').optional((item) => item.list((i) => i.whole(0, last))));
  const entries = parameters.map((parameter, i) => {
    const [importance, standardError, dy, dw, fp] = columns.map((c) => c[i]!) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const reached = !missing.has(i);
    return Object.freeze({ parameter, importance, standardError, reached, dy, dw, fp });
  });
  const reach = json.at('reach').optional((item) => item.number());
  const expected = json.at('expected').optional((item) => numbers(item, ['rho', 'peak'] as const));
  return Object.freeze({
    ...numbers(json, profileNumbers),
    entries: Object.freeze(entries),
    total: numbers(json.at('total'), ['forward', 'backward'] as const),
    unit: json.at('unit').optional((item) => item.oneOf(costUnits)) ?? 'multiply-adds',
    size: numbers(json.at('size'), ['batch', 'length'] as const),
    ...(reach !== undefined && { reach }),
    ...(expected && { expected }),
  });
}

function letters(words: readonly string[], code: Record<string, string>): string {
  const letter = new Map(Object.entries(code).map(([k, v]) => [v, k]));
  return words.map((word) => letter.get(word)!).join('');
}

function fromLetters<T extends string>(json: Json, code: Record<string, T>, count: number): T[] {
  const text = json.text();
  const known = [...text].every((letter) => Object.hasOwn(code, letter));
  if (text.length !== count || !known) json.fail(`${count} letters of ${Object.keys(code).join('')}`);
  return [...text].map((letter) => code[letter]!);
}
