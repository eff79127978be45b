import { ConfigError, HiZfoError } from '../../errors.ts';
import type { Schedule } from '../../optimize/index.ts';
import { stepSettings, type StepOptions, type StepSettings } from '../../train/index.ts';
import { exact, type Json } from './json.ts';

/** A schedule that was a function in the run that was saved: JSON keeps its text alone, to be known again. */
type LostSchedule = ((step: number) => number) & { lost?: string };

/** Text of a schedule that was lost in saving. */
export function lostText(schedule: Schedule): string | undefined {
  return typeof schedule === 'function' ? (schedule as LostSchedule).lost : undefined;
}

/** Settings as JSON. */
export function writeSettings({ schedule, ...settings }: StepSettings): object {
  const text =
    typeof schedule === 'function' ? ((schedule as LostSchedule).lost ?? String(schedule)) : undefined;
  return { ...(exact(settings) as object), schedule: text === undefined ? schedule : { function: text } };
}

/**
 * Settings from JSON. A schedule that was a function is `known` if that reads the same; otherwise it comes back as one
 * that knows the text of the old one and throws when it is called.
 */
export function readSettings(json: Json, known?: Schedule): StepSettings {
  const entries = json.entries((item, name) => {
    if (name === 'schedule') return readSchedule(item, known);
    if (name === 'adamw') return Object.fromEntries(item.entries((x) => x.number()));
    if (name === 'recompute') return item.yes();
    return item.isNumber ? item.number() : item.text();
  });
  const options = Object.fromEntries(entries) as StepOptions;
  const { schedule = 'constant' } = options;
  const lost = lostText(schedule) !== undefined;
  try {
    const settings = stepSettings({ ...options, ...(lost && { schedule: 'constant' }) });
    return { ...settings, schedule };
  } catch (error) {
    if (error instanceof HiZfoError) return json.fail(`settings in their range (${error.message})`);
    throw error;
  }
}

function readSchedule(json: Json, known: Schedule | undefined): Schedule {
  if (json.value === 'constant') return 'constant';
  const text = json.at('function').optional((item) => item.text());
  if (text === undefined) return { linear: json.at('linear').number() };
  if (typeof known === 'function' && String(known) === text) return known;
  const lost: LostSchedule = () => {
    throw new ConfigError(
      `These steps had a schedule that is a function, which no file can hold. Set it again: set({ schedule }). It was: ${text}`,
    );
  };
  lost.lost = text;
  return lost;
}
