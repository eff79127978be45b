import { EngineError } from '../../errors.ts';
import type { WebgpuBackend } from './backend.ts';

/**
 * WebGPU reports errors late and to whoever listens: a shader that does not compile prints a line and leaves zeros. Here
 * everything from one submit to the next runs in error scopes, and no tensor is read before they are heard: the first
 * error is thrown from the read.
 */
export function guard(backend: WebgpuBackend): void {
  const { device } = backend;
  const submit = backend.submitQueue.bind(backend);
  const read = backend.read.bind(backend);
  let failure: string | undefined;
  let heard: Promise<void> = Promise.resolve();
  const scopes = ['validation', 'out-of-memory', 'internal'] as const;
  const open = () => scopes.forEach((scope) => device.pushErrorScope(scope));
  const close = () => {
    const errors = scopes.map(() => device.popErrorScope());
    const before = heard;
    heard = Promise.all([before, ...errors]).then(([, ...found]) => {
      failure ??= found.find((error) => error)?.message;
    });
    heard.catch(() => undefined); // thrown to whoever reads
  };
  void device.lost.then(({ message }) => (failure ??= `the device was lost: ${message}`));

  open();
  backend.submitQueue = () => {
    submit();
    close();
    open();
  };
  backend.read = async (id) => {
    const values = await read(id);
    await heard;
    if (failure === undefined) return values;
    const message = failure;
    failure = undefined;
    throw new EngineError(
      `The webgpu engine failed: ${message.split('\n')[0]!}. What was computed since the last read is void; ` +
        'take a smaller batch if memory is short, or the wasm engine.',
    );
  };
}
