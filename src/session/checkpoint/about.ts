import { CheckpointError } from '../../errors.ts';
import type { Engine } from '../../engine/index.ts';
import { tf } from '../../engine/tf.ts';
import { fileFormats } from '../../data/index.ts';
import type { Adapter } from '../../model/index.ts';
import { version } from '../../package-root.ts';
import { methods, type MethodName } from '../../train/index.ts';
import type { BaseSeals } from '../base.ts';
import type { TaskOrigin } from '../config.ts';
import type { Json } from './json.ts';

/** Version of what a saved folder holds. 1 had no state to go on from. */
export const FORMAT = 2;

/** What a saved run is, for people and for whoever goes on with it. */
export interface About {
  /** Steps done, and training examples drawn by them where a batch has a known number. */
  step: number;
  drawn: number | undefined;
  method: MethodName;
  seed: number;
  batchSize: number | undefined;
  /** Tokens an example at most, of a language model. */
  maxLength: number | undefined;
  rho: number;
  modelName: string;
  /** The weights that the run started from. */
  base: BaseSeals;
  task: TaskOrigin & { title: string; digest: string };
  /** The adapter that is trained, and how the model under it is. */
  adapter?: Pick<Adapter, 'kind' | 'base'>;
  made: Versions;
}

/** What a run was made with. Bits may differ under others. */
export interface Versions {
  engine: string;
  'hi-zfo': string;
  tfjs: string;
  node: string;
}

export function versionsOf(engine: Engine): Versions {
  const { summary } = engine.describe();
  return { engine: summary, 'hi-zfo': version(), tfjs: tf.version_core, node: process.version };
}

export function readAbout(json: Json, file: string): About {
  const format = json.at('hiZfo').value;
  if (format === 1) {
    throw new CheckpointError(
      `${file} was written by a version that saved no training state. Open its folder as a model instead.`,
    );
  }
  if (format !== FORMAT) json.at('hiZfo').fail(`${FORMAT}, the format that this version reads`);
  const about: About = {
    step: json.at('step').whole(),
    drawn: json.at('drawn').optional((item) => item.whole()),
    method: json.at('method').oneOf(Object.keys(methods) as MethodName[]),
    seed: json.at('seed').whole(0, 0xffffffff),
    batchSize: json.at('batchSize').optional((item) => item.whole(1)),
    maxLength: json.at('maxLength').optional((item) => item.whole(2)),
    rho: json.at('rho').number(),
    modelName: json.at('modelName').text(),
    base: readBase(json.at('base')),
    task: readTask(json.at('task')),
    ...readAdapter(json.at('adapter')),
    made: readVersions(json.at('made')),
  };
  if (!(about.rho >= 0 && about.rho <= 1)) json.at('rho').fail('a share from 0 to 1');
  if (about.task.by !== 'own') {
    if (about.batchSize === undefined) json.at('batchSize').fail('the examples a batch');
    if (about.maxLength === undefined) json.at('maxLength').fail('the tokens an example');
  }
  const { drawn, step, batchSize } = about;
  if (drawn !== (batchSize === undefined ? undefined : step * batchSize)) {
    json.at('drawn').fail(`${step * (batchSize ?? 0)}: ${step} batches of ${batchSize}`);
  }
  return about;
}

function readAdapter(json: Json): Pick<About, 'adapter'> {
  const adapter = json.optional((item) => ({
    kind: item.at('kind').oneOf(['lora', 'prefix'] as const),
    base: item.at('base').oneOf(['frozen', 'ZO'] as const),
  }));
  return adapter ? { adapter } : {};
}

function readBase(json: Json): BaseSeals {
  const files = json.at('files').entries((item) => ({
    bytes: item.at('bytes').whole(),
    sha256: item.at('sha256').text(),
  }));
  return { dir: json.at('dir').text(), files: Object.fromEntries(files) };
}

function readTask(json: Json): About['task'] {
  const rest = { title: json.at('title').text(), digest: json.at('digest').text() };
  const by = json.at('by').oneOf(['name', 'file', 'data', 'hand', 'own'] as const);
  if (by === 'hand' || by === 'own') return { by, ...rest };
  if (by === 'name') return { by, name: json.at('name').text(), ...rest };
  if (by === 'data') return { by, options: json.at('options').object(), ...rest };
  const format = json.at('format').optional((item) => item.oneOf(fileFormats));
  const test = json.at('test').optional((item) => (item.isNumber ? item.number() : item.text()));
  return {
    by,
    path: json.at('path').text(),
    ...(format !== undefined && { format }),
    ...(test !== undefined && { test }),
    ...rest,
  };
}

function readVersions(json: Json): Versions {
  return {
    engine: json.at('engine').text(),
    'hi-zfo': json.at('hi-zfo').text(),
    tfjs: json.at('tfjs').text(),
    node: json.at('node').text(),
  };
}
