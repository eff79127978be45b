import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  findMlas,
  findNvidia,
  folderOf,
  installCommand,
  isInstalled,
  loadMlas,
  NO_CARD,
  ONNXRUNTIME,
  openEngine,
  packageOf,
  probe,
  reasonOf,
  TENSORFLOW,
  TFJS,
  threadCount,
  type NativeName,
} from '../../engine/index.ts';
import { atLeast, ok, skipped, warning, wrong, type Finding } from '../kernel/finding.ts';

/** The oldest driver that runs CUDA 12 programs (NVIDIA's minor-version compatibility: 525.60.13). */
const OLDEST_DRIVER = '525.60.13';

export interface EnginePatient {
  env: NodeJS.ProcessEnv;
  nodeVersion: string;
}

/** Looks at every engine from what it stands on upwards; changes nothing. */
export async function examineEngines({ env, nodeVersion }: EnginePatient): Promise<Finding[]> {
  const node = atLeast(nodeVersion, '20.19')
    ? ok('node', nodeVersion)
    : wrong('node', nodeVersion, 'Install Node 20.19 or newer.');
  const threads = examineThreads(env);
  const wasm =
    threads.state === 'ok' ? await examineWasm() : skipped('wasm', 'waits for the number of threads');
  const driver = await examineDriver(env);
  const gpu =
    driver.state === 'ok' || installed('gpu', env) !== undefined
      ? await examineNative('gpu', env)
      : skipped('gpu', 'needs an NVIDIA card with its driver (experimental)');
  const native = await examineNative('native', env);
  return [node, threads, wasm, examineFast(env), native, driver, gpu, await examineWebgpu(env)];
}

/** The engine that is taken where none is named, by what was found. */
export function takenBy(findings: readonly Finding[]): string | undefined {
  const isOk = (name: string) => findings.some((finding) => finding.name === name && finding.state === 'ok');
  return isOk('threads') ? ['gpu', 'fast', 'native', 'wasm'].find(isOk) : undefined;
}

function examineThreads(env: NodeJS.ProcessEnv): Finding {
  try {
    const count = threadCount(undefined, env);
    const why = env.HI_ZFO_THREADS ? 'by HI_ZFO_THREADS' : 'one a processor, at most 8';
    return ok('threads', `${count} of ${availableParallelism()} processors (${why})`);
  } catch {
    const todo = 'Set it to a whole number from 1 to 64, or unset it for one thread a processor (at most 8).';
    return wrong('threads', `HI_ZFO_THREADS is "${env.HI_ZFO_THREADS}": no engine opens`, todo);
  }
}

async function examineWasm(): Promise<Finding> {
  try {
    const { summary } = (await openEngine('wasm')).describe();
    return ok('wasm', `${summary.replace(/^wasm: /, '')}; always there`);
  } catch (error) {
    return wrong(
      'wasm',
      (error as Error).message,
      'Install hi-zfo again; in a checkout: npm run build. This engine needs nothing else.',
    );
  }
}

function examineFast(env: NodeJS.ProcessEnv): Finding {
  const { name: wanted, version } = ONNXRUNTIME;
  const folder = findMlas(env);
  if (!folder)
    return skipped(
      'fast',
      `not installed (optional, up to twice as fast as wasm): ${installCommand('fast', env)}`,
    );
  try {
    const { seesShared } = loadMlas(env);
    const rest = seesShared ? '' : '; other kernels on one thread, on several with Node 22.23, 24.9 or newer';
    return ok('fast', `products by ${wanted} ${version} (${folder})${rest}`);
  } catch (error) {
    return warning('fast', (error as Error).message, installCommand('fast', env));
  }
}

/** Folder from which a native package would be loaded. */
function installed(name: NativeName, env: NodeJS.ProcessEnv): { folder: string; ours: boolean } | undefined {
  if (isInstalled(name, env)) return { folder: folderOf(name, env), ours: true };
  for (const base of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const file = createRequire(base).resolve(`${packageOf(name)}/package.json`);
      return { folder: join(file, '..', '..', '..', '..'), ours: false };
    } catch {
      // not from here
    }
  }
  return undefined;
}

async function examineNative(name: NativeName, env: NodeJS.ProcessEnv): Promise<Finding> {
  const install = installCommand(name, env);
  const place = installed(name, env);
  if (!place)
    return name === 'native'
      ? skipped(name, `not installed (optional, TensorFlow's own library): ${install}`)
      : warning(name, 'not installed, so the card is not used (experimental)', install);
  const addon = join(place.folder, 'node_modules', packageOf(name));
  const from = place.ours ? `installed in ${place.folder}` : addon;
  if (!place.ours && !existsSync(join(addon, 'deps', 'lib')))
    return wrong(name, `${from} has no TensorFlow library (its download did not happen)`, install);
  try {
    const { version } = JSON.parse(readFileSync(join(addon, 'package.json'), 'utf8')) as { version: string };
    if (version !== TFJS)
      return wrong(
        name,
        `${from} is version ${version}; hi-zfo's TF.js is ${TFJS}`,
        `npm i ${packageOf(name)}@${TFJS}, or ${install}`,
      );
    const { library, usesGpu } = await probe(place.folder, packageOf(name), place.ours);
    const what = `${packageOf(name)} ${version} on TensorFlow ${library} (${from})`;
    if (name === 'gpu' && !usesGpu)
      return wrong(
        name,
        `${what} loads, but finds no card that it can use`,
        `Mend what the line above says of the driver; if it is well, the CUDA 12 libraries are missing: ${install}`,
      );
    return ok(name, what);
  } catch (error) {
    const { message } = error as Error;
    const reason = message.split('\n').find((line) => /rror/.test(line)) ?? message;
    return wrong(
      name,
      `${from} does not compute: ${reason.trim()}`,
      `${install} (TensorFlow ${TENSORFLOW} from PyPI)`,
    );
  }
}

async function examineDriver(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'nvidia driver';
  const card = await findNvidia(env);
  if (!card) return skipped(name, 'no NVIDIA card here');
  if (card === 'no driver')
    return wrong(
      name,
      '/dev/nvidia0 is there, but nvidia-smi does not run',
      `Install the NVIDIA driver, ${OLDEST_DRIVER} or newer.`,
    );
  const found = `${card.name}, driver ${card.driver}`;
  return atLeast(card.driver, OLDEST_DRIVER)
    ? ok(name, found)
    : wrong(name, `${found}: too old for CUDA 12`, `Install driver ${OLDEST_DRIVER} or newer.`);
}

async function examineWebgpu(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'webgpu';
  const install = installCommand('webgpu', env);
  try {
    const { summary } = (await openEngine('webgpu', { threads: 1 })).describe();
    return ok(name, summary.replace(/^webgpu /, ''));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'not installed')
      return skipped(name, `not installed (optional, experimental, for any graphics card): ${install}`);
    const card = reason === NO_CARD;
    return warning(
      name,
      reason,
      card
        ? 'If this machine has a card, install its driver (Linux: its Vulkan driver and libvulkan1).'
        : install,
    );
  }
}
