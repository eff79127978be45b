import { inTurn, type Engine, type EngineName } from '../../engine/index.ts';
import {
  noBlocks,
  noRows,
  OwnModel,
  type OwnDefinition,
  type Parameter,
  type XY,
} from '../../model/index.ts';
import { checkOptions, type Names } from '../../options.ts';
import { settingNames, type MethodName, type SnapshotOptions, type StepOptions } from '../../train/index.ts';
import { checkRun, engineOf } from '../checks.ts';
import type { RunConfig } from '../config.ts';
import { OwnBase } from './base.ts';
import { resumeOwn } from './resume.ts';
import { OwnSession } from './session.ts';
import { OwnSource, type Batches, type Data } from './source.ts';

/** Options of `open` for a model of one's own; step options (rates, epsilon, alpha, ...) may be given alongside. */
export interface OwnOpenOptions<B = XY> extends StepOptions {
  /** What `ownModel` or `layersModel` gave. */
  model: OwnDefinition<B>;
  /** The batch of a step, or a list of batches that is gone through again and again. This or `data`. */
  batches?: Batches<B>;
  /** Rows that batches are drawn from, shuffled anew each epoch: `{ x, y }` of tensors or arrays. */
  data?: Data<B>;
  /** Rows a batch of `data`; defaults to 32. */
  batchSize?: number;
  /** Held-out batches or rows, for `evaluate`. */
  test?: Data<B> | readonly B[];
  /** Folder of a saved run to go on with, bit for bit on the same engine. Model and batches are given again as they were. */
  resume?: string;
  /** Defaults to `hi-zfo`. */
  method?: MethodName;
  /** Engine or its name; defaults to `auto`. */
  engine?: EngineName | Engine;
  /** One seed = one run; defaults to 0. */
  seed?: number;
  /** Share of a step's time for the partition; defaults to 0.6. */
  rho?: number;
  /** Snapshots in memory, for `rewind`. */
  snapshots?: SnapshotOptions;
  /** Show progress and live figures; defaults to true. */
  show?: boolean;
}

/** Names of all options. */
const names = {
  ...{ model: true, batches: true, data: true, batchSize: true, test: true, method: true, engine: true },
  ...{ seed: true, rho: true, snapshots: true, show: true, resume: true },
  ...settingNames,
} satisfies Names<OwnOpenOptions>;

/** Opens a session on a model of one's own. One pass over the first batch finds what is wrong before anything is trained. */
export async function openOwn<B>(options: OwnOpenOptions<B>): Promise<OwnSession<B>> {
  checkOptions('open on a model of your own', options, names);
  const { resume, ...rest } = options;
  if (rest.recompute) throw noBlocks();
  if ((rest.microBatch ?? Infinity) !== Infinity) throw noRows();
  if (resume !== undefined) return resumeOwn({ ...rest, resume });
  const {
    model: definition,
    batches,
    data,
    batchSize,
    test,
    method = 'hi-zfo',
    engine = 'auto',
    ...more
  } = rest;
  const { seed = 0, rho = 0.6, snapshots = {}, show = true, ...step } = more;
  checkRun({ method, seed, rho, snapshots, step });
  const on = await engineOf(engine);
  return inTurn(on, async () => {
    const source = await OwnSource.of({ batches, data, batchSize, test, seed });
    try {
      const model = await loadChecked(on, definition, source);
      const config: RunConfig = {
        modelName: definition.name,
        method,
        task: { by: 'own' },
        seed,
        batchSize: source.size,
        step,
        rho,
        snapshots,
        show,
      };
      const session = new OwnSession({
        engine: on,
        model,
        source,
        config,
        base: await OwnBase.of(model.parameters),
      });
      model.lead();
      return session;
    } catch (error) {
      source.dispose();
      throw error;
    }
  });
}

/** The model on the engine, found to have a loss and a gradient for every tensor. */
export async function loadChecked<B>(
  engine: Engine,
  definition: OwnDefinition<B>,
  source: OwnSource<B>,
  values?: (p: Parameter) => Promise<Float32Array>,
): Promise<OwnModel<B>> {
  const model = await OwnModel.load(engine, definition, values);
  try {
    const batch = await model.prepare(source.at(0));
    try {
      await model.check(batch);
    } finally {
      batch.dispose();
    }
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
