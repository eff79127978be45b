import { EngineError } from '../../errors.ts';
import { shareTfjs } from '../install/share-tfjs.ts';
import { tool } from '../install/tool.ts';
import type { NativePackage } from './recipe.ts';

/** What a native package showed when it was loaded in a process of its own. */
export interface ProbeResult {
  /** TensorFlow's own version. */
  library: string;
  usesGpu: boolean;
  /** Resident bytes after loading. */
  residentBytes: number;
}

const SCRIPT = `
const util = require('node:util');
util.isNullOrUndefined ??= (x) => x == null; // gone since Node 23
util.isArray ??= Array.isArray;
const [folder, name] = process.argv.slice(1);
const tf = require('node:module').createRequire(folder + '/package.json')(name);
const a = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const product = String(Array.from(tf.matMul(a, a).dataSync()));
if (product !== '7,10,15,22' || tf.getBackend() !== 'tensorflow') throw new Error('a 2 x 2 product came out as ' + product);
console.log(JSON.stringify({
  library: tf.backend().binding.TF_Version,
  usesGpu: tf.backend().isUsingGpuDevice === true,
  residentBytes: process.memoryUsage.rss(),
}));`;

/**
 * Loads the package of `folder`/node_modules in a process of its own, which a bad library may take down, and has it
 * compute. `ours`: the folder was made by hi-zfo and takes its TF.js from here.
 */
export async function probe(folder: string, name: NativePackage, ours = true): Promise<ProbeResult> {
  if (ours) await shareTfjs(folder);
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' };
  const printed = await tool(
    process.execPath,
    ['-e', SCRIPT, folder, name],
    'The addon does not work here.',
    { env },
  );
  const line = printed.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as ProbeResult;
  } catch (cause) {
    throw new EngineError(`The probe of ${name} gave no answer: ${printed.slice(0, 300)}`, { cause });
  }
}
