import { CheckpointError, FormatError } from '../../errors.ts';
import { SafetensorsFile, type TensorToWrite } from '../../formats/index.ts';
import type { Parameter } from '../../model/index.ts';
import type { MomentState } from '../../optimize/index.ts';
import type { AnyTrainer } from '../../train/index.ts';
import { Json } from './json.ts';

/** The optimizer's moments as tensors NAME.m and NAME.v, and its counters as metadata. */
export function momentsToWrite(optimizer: AnyTrainer['optimizer']): {
  tensors: TensorToWrite[];
  metadata: Record<string, string>;
} {
  const { held } = optimizer;
  const tensors = held.flatMap((p): TensorToWrite[] => {
    let read: MomentState | undefined; // once for both, and not kept
    const last = () => {
      const { v } = read!;
      read = undefined;
      return Promise.resolve(v);
    };
    return [
      { name: `${p.name}.m`, shape: p.shape, data: async () => (read = (await optimizer.read(p))!).m },
      { name: `${p.name}.v`, shape: p.shape, data: last },
    ];
  });
  const updates = Object.fromEntries(held.map((p) => [p.name, optimizer.updatesOf(p)]));
  return { tensors, metadata: { format: 'pt', updates: JSON.stringify(updates) } };
}

/** Reads moments for some of `parameters`; throws CheckpointError for what does not belong to them. */
export async function readMoments(
  path: string,
  parameters: readonly Parameter[],
): Promise<Map<Parameter, MomentState>> {
  const file = await SafetensorsFile.open(path).catch(asCheckpointError);
  try {
    const byName = new Map(parameters.map((p) => [p.name, p]));
    const moments = new Map<Parameter, MomentState>();
    for (const [name, steps] of updatesIn(file).entries((item) => item.whole(1))) {
      const p = byName.get(name);
      const parts = [file.tensors.get(`${name}.m`), file.tensors.get(`${name}.v`)];
      if (!p || parts.some((t) => t?.dtype !== 'F32' || t.shape.join() !== p.shape.join())) {
        throw new CheckpointError(
          `${path} has no moments of ${name} that fit the model. The checkpoint is damaged: take another copy.`,
        );
      }
      moments.set(p, { m: await file.read(`${name}.m`), v: await file.read(`${name}.v`), steps });
    }
    return moments;
  } finally {
    await file.close();
  }
}

function updatesIn(file: SafetensorsFile): Json {
  const text = file.metadata.get('updates');
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    value = text;
  }
  return new Json(value, `${file.path}: updates`);
}

function asCheckpointError(error: unknown): never {
  if (error instanceof FormatError) throw new CheckpointError(error.message, { cause: error });
  throw error;
}
