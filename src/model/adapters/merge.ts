import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError } from '../../errors.ts';
import { tf } from '../../engine/tf.ts';
import type { Decoder } from '../decoder.ts';
import type { LinearRole, Parameter } from '../parameters.ts';
import { loraScale, type Adapter, type Lora } from './options.ts';

/** Throws ConfigError for a model whose adapter is not LoRA: a prefix is no change of weights. */
export function assertMergeable(adapter: Adapter | undefined): asserts adapter is Lora {
  if (adapter?.kind === 'lora') return;
  throw new ConfigError(
    adapter
      ? 'A prefix cannot be merged into the weights. Save it as it is: save(dir).'
      : 'There is no adapter to merge. Save the model as it is: save(dir).',
  );
}

/** W + alpha / rank * B A of one of a model's own tensors: a new tensor, the caller's. */
export function merged({ parameters, adapter, config, engine }: Decoder, p: Parameter): Tensor {
  assertMergeable(adapter);
  const w = parameters.get(p);
  const of = (part: 'a' | 'b') =>
    parameters.list.find((q) => q.layer === p.layer && q.role === `${p.role as LinearRole}-lora-${part}`);
  const [a, b] = [of('a'), of('b')];
  if (p.bias || !a || !b) return w.clone();
  return tf.tidy(() => {
    const product = tf.matMul(parameters.get(b), parameters.get(a)); // [out, in]
    const change = config.inOut ? tf.transpose(product) : product;
    return engine.ops.addScaled(w, change, loraScale(adapter));
  });
}
