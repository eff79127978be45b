import { EngineError } from '../errors.ts';
import { description, type EngineFacts } from './description.ts';
import type { Engine, Ops } from './engine.ts';
import { tf } from './tf.ts';

/** What an engine is made of. */
interface Parts {
  /** Name of its TF.js backend, which has been started. */
  backend: string;
  ops: Ops;
  facts: EngineFacts & Pick<Engine, 'name'>;
  /** Done at every activation. */
  onActivate?: () => void;
  /** Bytes of the engine's own heap; none by default. */
  heapBytes?: () => number;
}

/** The engine of a TF.js backend, which is the active one from now on. */
export async function engineOf({
  backend,
  ops,
  facts,
  onActivate,
  heapBytes = () => 0,
}: Parts): Promise<Engine> {
  const engine: Engine = {
    name: facts.name,
    ops,
    async activate() {
      onActivate?.();
      if (tf.engine().backendName === backend) return;
      if (!(await tf.setBackend(backend)))
        throw new EngineError(`TF.js could not switch to its ${backend} backend.`);
    },
    describe: () => description(facts),
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return { tensors: numTensors, bytes: numBytes, heapBytes: heapBytes() };
    },
  };
  await engine.activate();
  return engine;
}
