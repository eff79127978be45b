import { isRecord } from '../notebook/widget/buffers.ts';
import type { PanelCommand, PanelSettings } from './protocol.ts';

/** A command of a page, or what is wrong with it. */
export type Asked = { id: string; command: PanelCommand } | { id: string; wrong: string };

/** Says what a value must be; undefined when it is. */
type Check = (value: unknown, tensors: number) => string | undefined;

const MOST_STEPS = 1_000_000;
const MOST_QUERIES = 1000;
const MOST_DRAWS = 1000;
const LONGEST = 200;

const number =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high
      ? undefined
      : high === Number.MAX_VALUE
        ? `a finite number of at least ${low}`
        : `a number from ${low} to ${high}`;

const whole =
  (low: number, high: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? undefined
      : `a whole number from ${low} to ${high}`;

const steps: Check = (value, tensors) =>
  value === null ? undefined : whole(1, MOST_STEPS)(value, tensors)?.concat(', or null for no end');

const label: Check = (value) => (value === 'FO' || value === 'ZO' ? undefined : "'FO' or 'ZO'");

const glob: Check = (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= LONGEST
    ? undefined
    : `a name or glob of 1 to ${LONGEST} characters`;

const tensors: Check = (value, count) =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= count &&
  value.every((index) => whole(0, count - 1)(index, count) === undefined)
    ? undefined
    : `a list of tensors by index, from 0 to ${count - 1}`;

const sliders: Record<keyof PanelSettings, Check> = {
  alpha: number(0, Number.MAX_VALUE),
  epsilon: number(Number.MIN_VALUE, 1),
  rateFO: number(0, Number.MAX_VALUE),
  rateZO: number(0, Number.MAX_VALUE),
  queries: whole(1, MOST_QUERIES),
};

const settings: Check = (value, count) => {
  const known = Object.keys(sliders).join(', ');
  if (!isRecord(value) || Object.keys(value).length === 0) return `an object with some of ${known}`;
  for (const [name, given] of Object.entries(value)) {
    const check = Object.hasOwn(sliders, name) ? sliders[name as keyof PanelSettings] : undefined;
    const wrong = check ? check(given, count) : `one of ${known}`;
    if (wrong !== undefined)
      return `without ${name} = ${written(given)}: ${check ? `${name} is ` : ''}${wrong}`;
  }
  return undefined;
};

/** The fields of every command. */
const schema: Record<PanelCommand['do'], Record<string, Check>> = {
  run: { steps },
  pause: {},
  step: {},
  stop: {},
  rewind: { step: whole(0, Number.MAX_SAFE_INTEGER) },
  profile: {},
  preview: { rho: number(0, 1) },
  partition: { rho: number(0, 1) },
  label: { tensors, label },
  'label-glob': { glob, label },
  set: { settings },
  probe: { every: whole(0, MOST_STEPS), draws: whole(2, MOST_DRAWS) },
  plotly: {},
  curves: {},
};

function written(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`;
}

/**
 * Checks what a page has sent, before anything is done. Undefined when it cannot be answered, for want of an id.
 *
 * @param count - number of tensors of the model
 */
export function readCommand(content: unknown, count: number): Asked | undefined {
  if (!isRecord(content)) return undefined;
  const { id, do: what } = content;
  if (typeof id !== 'string' || id === '' || id.length > LONGEST) return undefined;
  if (typeof what !== 'string' || !Object.hasOwn(schema, what)) {
    return {
      id,
      wrong: `There is no command ${written(what)}. Commands are ${Object.keys(schema).join(', ')}.`,
    };
  }
  const fields = schema[what as PanelCommand['do']];
  for (const [name, check] of Object.entries(fields)) {
    const value = Object.hasOwn(content, name) ? content[name] : undefined;
    const wrong = check(value, count);
    if (wrong !== undefined) {
      return {
        id,
        wrong: `${what}: ${name} is ${written(value)}; it must be ${wrong}. Nothing was changed.`,
      };
    }
  }
  const given = Object.fromEntries(Object.keys(fields).map((name) => [name, content[name]]));
  return { id, command: { id, do: what, ...given } as PanelCommand };
}
