import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  engineFolder,
  fastFolder,
  findMlas,
  loadMlas,
  MANIFEST,
  ONNXRUNTIME,
  openEngine,
  packageOf,
  probe,
  TENSORFLOW,
  TFJS,
  webgpuFolder,
  type NativeName,
} from '../../engine/index.ts';
import { atLeast, ok, output, skipped, warning, wrong, type Finding } from '../kernel/finding.ts';

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
  const native = await examineNative('native', env);
  const driver = await examineDriver(env);
  const gpu =
    driver.state === 'ok' || installed('gpu', env) !== undefined
      ? await examineNative('gpu', env)
      : skipped('gpu', `needs an NVIDIA driver (${packageOf('gpu')})`);
  return [node, await examineWasm(), examineFast(env), native, driver, gpu, await examineWebgpu(env)];
}

async function examineWebgpu(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'webgpu';
  const install = 'hi-zfo engine install webgpu';
  try {
    const { summary } = (await openEngine('webgpu')).describe();
    return ok(name, summary.replace(/^webgpu /, ''));
  } catch (error) {
    const reason = ((error as Error).cause as Error | undefined)?.message ?? (error as Error).message;
    if (reason === 'not installed')
      return skipped(name, `not installed (optional, experimental): ${install}`);
    const card = /no graphics card/.test(reason);
    const again = existsSync(webgpuFolder(env)) ? `hi-zfo engine uninstall webgpu, then ${install}` : install;
    return warning(
      name,
      reason,
      card ? 'Install the driver of your card (Linux: its Vulkan driver and libvulkan1).' : again,
    );
  }
}

async function examineWasm(): Promise<Finding> {
  try {
    const { summary } = (await openEngine('wasm')).describe();
    return ok('wasm', summary.replace(/^wasm: /, ''));
  } catch (error) {
    return wrong('wasm', (error as Error).message, 'Build again: npm run build. It needs nothing else.');
  }
}

function examineFast(env: NodeJS.ProcessEnv): Finding {
  const install = 'hi-zfo engine install fast';
  const { name: wanted, version } = ONNXRUNTIME;
  const folder = findMlas(env);
  if (!folder) return skipped('fast', `${wanted} is not installed (optional): ${install}`);
  try {
    const { seesShared } = loadMlas();
    const rest = seesShared
      ? ''
      : '; kernels beside it on one thread, on several with Node 22.23, 24.9 or newer';
    return ok('fast', `products by ${wanted} ${version} (${folder})${rest}`);
  } catch (error) {
    const again = folder.startsWith(fastFolder(env))
      ? `hi-zfo engine uninstall fast, then ${install}`
      : install;
    return warning('fast', (error as Error).message, again);
  }
}

/** Folder from which a native package would be loaded. */
function installed(name: NativeName, env: NodeJS.ProcessEnv): { folder: string; ours: boolean } | undefined {
  const folder = engineFolder(name, env);
  if (existsSync(join(folder, MANIFEST))) return { folder, ours: true };
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
  const install = `hi-zfo engine install ${name}`;
  const place = installed(name, env);
  if (!place)
    return name === 'native'
      ? skipped(name, `${packageOf(name)} is not installed (optional): ${install}`)
      : warning(name, `${packageOf(name)} is not installed`, install);
  const from = place.ours ? 'installed by hi-zfo' : join(place.folder, 'node_modules', packageOf(name));
  const addon = join(place.folder, 'node_modules', packageOf(name));
  if (!place.ours && !existsSync(join(addon, 'deps', 'lib')))
    return wrong(name, `${from} has no TensorFlow library (its download did not happen)`, install);
  const version = (JSON.parse(readFileSync(join(addon, 'package.json'), 'utf8')) as { version: string })
    .version;
  if (version !== TFJS)
    return wrong(
      name,
      `${from} is version ${version}; hi-zfo's TF.js is ${TFJS}`,
      `npm i ${packageOf(name)}@${TFJS}, or ${install}`,
    );
  try {
    const { library, usesGpu } = await probe(place.folder, packageOf(name), place.ours);
    const what = `${packageOf(name)} ${version} on TensorFlow ${library} (${from})`;
    if (name === 'gpu' && !usesGpu)
      return wrong(
        name,
        `${what} loads, but finds no GPU`,
        'Check the driver line above; CUDA 12 libraries: hi-zfo engine uninstall gpu, then install gpu.',
      );
    return ok(name, what);
  } catch (error) {
    const reason =
      (error as Error).message.split('\n').find((line) => /rror/.test(line)) ?? (error as Error).message;
    const again = place.ours ? `hi-zfo engine uninstall ${name}, then ${install}` : install;
    return wrong(
      name,
      `${from} does not compute: ${reason.trim()}`,
      `${again} (TensorFlow ${TENSORFLOW} from PyPI)`,
    );
  }
}

async function examineDriver(env: NodeJS.ProcessEnv): Promise<Finding> {
  const name = 'nvidia driver';
  const printed = await output(
    'nvidia-smi',
    ['--query-gpu=name,driver_version', '--format=csv,noheader'],
    env,
  );
  if (printed === undefined)
    return existsSync('/dev/nvidia0')
      ? wrong(
          name,
          '/dev/nvidia0 is there, but nvidia-smi does not run',
          'Install the NVIDIA driver, 525 or newer.',
        )
      : skipped(name, 'no NVIDIA GPU here');
  const [card = '', driver = ''] = printed.trim().split('\n')[0]!.split(', ');
  return atLeast(driver, OLDEST_DRIVER)
    ? ok(name, `${card}, driver ${driver}`)
    : wrong(
        name,
        `${card}, driver ${driver}: too old for CUDA 12`,
        `Install driver ${OLDEST_DRIVER} or newer.`,
      );
}
