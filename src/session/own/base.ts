import { CheckpointError } from '../../errors.ts';
import { SafetensorsFile, type TensorToWrite } from '../../formats/index.ts';
import type { Parameter, ParameterStore } from '../../model/index.ts';
import type { BaseWeights } from '../../train/index.ts';
import type { RunBase } from '../base.ts';

/** The weights before step 0 of a model of one's own. No file has them, so they are kept in host memory and saved with the run. */
export class OwnBase implements RunBase {
  private constructor(private readonly values: ReadonlyMap<string, Float32Array>) {}

  static async of({ list, get }: ParameterStore): Promise<OwnBase> {
    const values = new Map<string, Float32Array>();
    for (const p of list) values.set(p.name, (await get(p).data<'float32'>()).slice());
    return new OwnBase(values);
  }

  /** From a file of a saved run. */
  static async read(path: string, parameters: readonly Parameter[]): Promise<OwnBase> {
    return new OwnBase(await readTensors(path, parameters));
  }

  seals(): Promise<{ dir: string; files: Record<string, never> }> {
    return Promise.resolve({ dir: '', files: {} });
  }

  open(): Promise<BaseWeights> {
    return Promise.resolve({
      read: (p: Parameter) => Promise.resolve(this.values.get(p.name)!),
      close: () => Promise.resolve(),
    });
  }

  toWrite(parameters: readonly Parameter[]): TensorToWrite[] {
    return parameters.map(({ name, shape }) => ({ name, shape, data: this.values.get(name)! }));
  }
}

/** The values of some tensors from a file that holds just them; throws CheckpointError where names or shapes differ. */
export async function readTensors(
  path: string,
  parameters: readonly Pick<Parameter, 'name' | 'shape'>[],
): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(path);
  try {
    const saved = [...file.tensors].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`);
    const given = parameters.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
    if (saved.join() !== given.join()) {
      throw new CheckpointError(
        `${path} holds ${saved.join(', ')}; the model given has ${given.join(', ')}. Give the model as it was, under the same names ` +
          '(layers of a tf.LayersModel are numbered as they are made: name them).',
      );
    }
    const values = new Map<string, Float32Array>();
    for (const { name } of parameters) values.set(name, await file.read(name));
    return values;
  } finally {
    await file.close();
  }
}
