import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { Json, TensorToWrite, WeightDtype } from '../formats/index.ts';
import type { Adapter } from './adapters/options.ts';
import type { Parameter, ParameterStore } from './parameters.ts';

/** Element type to write weights in: one for all, or `source` for that of the file each was loaded from. */
export type SaveDtype = WeightDtype | 'source';

/** What is written of a model. */
interface Writable {
  readonly parameters: ParameterStore;
  /** Element type of the file that a tensor was loaded from, where there was one. */
  readonly storedAs?: ReadonlyMap<Parameter, WeightDtype>;
  readonly adapter?: Adapter | undefined;
}

const names: Record<WeightDtype, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

/**
 * A model's tensors under their names, to be written; each is read from the engine when its turn comes. Those of an adapter are not
 * among them (see adapterFiles). `made` gives other values than the stored ones, as new tensors.
 */
export function weightsToWrite(
  model: Writable,
  dtype: SaveDtype = 'F32',
  made?: (p: Parameter) => Tensor,
): TensorToWrite[] {
  if (dtype !== 'source' && !Object.hasOwn(names, dtype)) {
    throw new ConfigError(
      `dtype is ${JSON.stringify(dtype)}; take ${Object.keys(names).join(', ')} or source.`,
    );
  }
  const values = async (p: Parameter) => {
    if (!made) return (await model.parameters.get(p).data()) as Float32Array;
    const w = made(p);
    try {
      return (await w.data()).slice() as Float32Array;
    } finally {
      w.dispose();
    }
  };
  return ownParameters(model).map((p) => ({
    name: p.name,
    shape: p.shape,
    dtype: dtypeOf(model, p, dtype),
    data: () => values(p),
  }));
}

/** A config.json that tells the element type of weights written as `dtype`: that of the largest tensor. */
export function configToWrite(model: Writable, config: Json, dtype: SaveDtype = 'F32'): Json {
  const largest = ownParameters(model).reduce((a, b) => (b.size > a.size ? b : a));
  const others = Object.entries(config).filter(([name]) => name !== 'dtype' && name !== 'torch_dtype');
  // transformers 5 writes `dtype`, but still reads the name that 4 knows
  return { ...Object.fromEntries(others), torch_dtype: names[dtypeOf(model, largest, dtype)] };
}

/** All but an adapter's. */
function ownParameters({ parameters, adapter }: Writable): readonly Parameter[] {
  return parameters.list.filter((p) => !adapter || p.base !== undefined);
}

function dtypeOf(model: Writable, p: Parameter, dtype: SaveDtype): WeightDtype {
  return dtype === 'source' ? (model.storedAs?.get(p) ?? 'F32') : dtype;
}
