import { parseArgs } from 'node:util';
import {
  installable,
  installFast,
  installNative,
  installWebgpu,
  openEngine,
  uninstallEngine,
  type EngineName,
  type Installable,
  type InstallOptions,
} from '../engine/index.ts';
import { ConfigError, didYouMean } from '../errors.ts';
import { examineEngines, takenBy } from './engine/doctor.ts';
import { findingLines } from './kernel/doctor.ts';

const HELP = `hi-zfo engine [describe] [--engine auto|wasm|fast|cpu|native|gpu|webgpu]
    say which tensor engine is picked here, and why
hi-zfo engine doctor
    look at every engine: what works, what is missing, what to do
hi-zfo engine install fast
    onnxruntime-node from npm, whose matrix product the wasm engine then uses; 50 MB
hi-zfo engine install native|gpu [--wheel FILE] [--cuda pip|none]
    tfjs-node(-gpu) on TensorFlow's library from PyPI, where its own download fails or is too old.
    Linux; needs npm, python3 with pip and g++. 0.8 GB of disk; gpu (experimental) 5 GB. Into HI_ZFO_CACHE or ~/.cache/hi-zfo
hi-zfo engine install webgpu
    experimental: Google's Dawn and TF.js's WebGPU backend from npm, for any card with a Vulkan, Metal or Direct3D 12 driver; 80 MB
hi-zfo engine uninstall fast|native|gpu|webgpu
    remove it`;

const actions: Record<string, (name: string | undefined, values: Values) => Promise<void>> = {
  async describe(name, { engine }) {
    console.log(String((await openEngine((name ?? engine) as EngineName)).describe()));
  },
  async doctor(name) {
    if (name !== undefined)
      throw new ConfigError(`hi-zfo engine doctor looks at all engines; leave ${name} out.`);
    const findings = await examineEngines({ env: process.env, nodeVersion: process.versions.node });
    const taken = takenBy(findings);
    console.log(findingLines(findings).join('\n'));
    console.log(taken ? `\nWhere no engine is named, ${taken} is taken.` : '\nNo engine opens here.');
    if (findings.some(({ state }) => state === 'wrong')) process.exitCode = 1;
  },
  async install(given, { wheel, cuda }) {
    const name = toInstall(given);
    if (cuda !== undefined && cuda !== 'pip' && cuda !== 'none')
      throw new ConfigError(`--cuda is ${cuda}; take pip or none.`);
    const say = (line: string) => console.log(`  ${line}`);
    const options: InstallOptions = {
      say,
      ...(wheel !== undefined && { wheel }),
      ...(cuda !== undefined && { cuda }),
    };
    const installers: Record<Installable, () => Promise<string>> = {
      fast: () => installFast(say),
      native: () => installNative('native', options),
      gpu: () => installNative('gpu', options),
      webgpu: () => installWebgpu(say),
    };
    const folder = await installers[name]();
    console.log(
      `Installed in ${folder}. \`npx hi-zfo engine doctor\` tries it, \`npx hi-zfo engine uninstall ${name}\` removes it.`,
    );
  },
  async uninstall(given) {
    const name = toInstall(given);
    const removed = await uninstallEngine(name);
    console.log(
      removed ? `Removed the ${name} engine.` : `There is no ${name} engine that hi-zfo installed.`,
    );
  },
};

interface Values {
  engine: string;
  wheel?: string | undefined;
  cuda?: string | undefined;
}

function toInstall(name: string | undefined): Installable {
  const found = installable.find((one) => one === name);
  if (found) return found;
  const choices = 'fast, native, gpu or webgpu';
  if (name === undefined) throw new ConfigError(`Which engine? Give ${choices}.`);
  if (name === 'wasm' || name === 'cpu')
    throw new ConfigError(`The ${name} engine is part of hi-zfo and needs no install; take ${choices}.`);
  throw new ConfigError(
    `There is no engine ${name} to install; take ${choices}.${didYouMean(name, installable)}`,
  );
}

/** `hi-zfo engine`: what is picked on this machine, what is missing, and installing the optional ones. */
export const engineCommand = {
  summary: 'describe, install, uninstall and examine tensor engines',
  help: HELP,
  async run(args: string[]): Promise<void> {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        engine: { type: 'string', default: 'auto' },
        wheel: { type: 'string' },
        cuda: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [action = 'describe', name, ...rest] = positionals;
    if (values.help) return console.log(HELP);
    if (!Object.hasOwn(actions, action) || rest.length > 0)
      throw new ConfigError(`hi-zfo engine ${positionals.join(' ')}: no such call.\n\n${HELP}`);
    await actions[action]!(name, values);
  },
};
