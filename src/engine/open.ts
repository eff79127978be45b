import { didYouMean, EngineError } from '../errors.ts';
import { openCpu } from './cpu/open.ts';
import type { Choice } from './description.ts';
import type { Engine, EngineName, EngineOptions } from './engine.ts';
import { openNative } from './native/open.ts';
import { reasonOf } from './not-serving.ts';
import { threadCount } from './thread-count.ts';
import { turnOf } from './turn.ts';
import { openFast } from './wasm/mlas/open.ts';
import { openWasm } from './wasm/open.ts';
import { openWebgpu } from './webgpu/open.ts';

type Settings = Required<EngineOptions>;

const openings: Record<Engine['name'], (settings: Settings, choice: Choice) => Promise<Engine>> = {
  wasm: openWasm,
  fast: openFast,
  native: (_, choice) => openNative('native', choice),
  gpu: (_, choice) => openNative('gpu', choice),
  webgpu: (_, choice) => openWebgpu(choice),
  cpu: (_, choice) => openCpu(choice),
};

const opened = new Map<string, Promise<Engine>>();

/**
 * Opens a tensor engine; the same name and options give the same engine again.
 *
 * `auto` takes the first that loads and computes of tfjs-node-gpu, fast (wasm with the product of onnxruntime-node), tfjs-node and
 * wasm. `webgpu` (experimental) and `cpu` (TF.js in plain JavaScript, very slow, the reference for tests) are taken by name alone.
 * @throws EngineError if the engine asked for is not installed or does not compute, or if `threads` or `HI_ZFO_THREADS` is out of range
 */
export function openEngine(name: EngineName = 'auto', options: EngineOptions = {}): Promise<Engine> {
  const { fused = true, relaxed = true } = options;
  const settings: Settings = { fused, relaxed, threads: threadCount(options.threads) };
  const idOf = (of: EngineName) => [of, ...Object.values(settings)].join(' ');
  const id = idOf(name);
  let engine = opened.get(id);
  if (!engine) {
    engine = turnOf(`opening ${id}`, () => open(name, settings));
    opened.set(id, engine);
    engine.then(
      // what auto found is what its own name gives, too
      (found) => void (opened.get(idOf(found.name)) ?? opened.set(idOf(found.name), engine!)),
      () => opened.delete(id),
    );
  }
  return engine;
}

async function open(name: EngineName, settings: Settings): Promise<Engine> {
  if (name === 'auto') return openFirst(settings);
  if (Object.hasOwn(openings, name))
    return openings[name](settings, { reason: 'asked for by name', rejected: [] });
  const names = ['auto', ...Object.keys(openings)];
  throw new EngineError(
    `No engine is called '${String(name)}'.${didYouMean(String(name), names)} Choose ${names.slice(0, -1).join(', ')} or ${names.at(-1)}.`,
  );
}

async function openFirst(settings: Settings): Promise<Engine> {
  const rejected: Choice['rejected'] = [];
  const choice = { reason: 'the fastest that loads here', rejected };
  for (const name of ['gpu', 'fast', 'native'] as const) {
    try {
      return await openings[name](settings, choice);
    } catch (error) {
      rejected.push({ name, reason: reasonOf(error) });
    }
  }
  return openWasm(settings, choice);
}
