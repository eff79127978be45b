import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tool } from '../install/tool.ts';

/** Node-API version of the addon; its sources know up to this one. */
const NAPI = 8;

/**
 * glibc raises its threshold for separate mappings as blocks are freed, and then keeps freed weights in its arenas:
 * repeated updates of a 16 MB tensor grow the process to gigabytes. A fixed threshold gives them back.
 */
const MALLOC = `#include <malloc.h>
__attribute__((constructor)) static void fixedThreshold() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}
`;

/** Compiles the addon of a tfjs-node package against the library in its deps/: three C++ files, no node-gyp. */
export async function compileAddon(packageFolder: string, headers: string): Promise<void> {
  const target = join(packageFolder, 'lib', `napi-v${NAPI}`, 'tfjs_binding.node');
  await mkdir(dirname(target), { recursive: true });
  const extra = join(packageFolder, 'binding', 'malloc_threshold.cc');
  await writeFile(extra, MALLOC);
  const aside = `${target}.partial`;
  await tool(
    process.env.CXX || 'g++',
    [
      ...['-O2', '-std=c++17', '-fPIC', '-shared', '-fvisibility=hidden', '-w'],
      ...[`-DNAPI_VERSION=${NAPI}`, '-DBUILDING_NODE_EXTENSION'],
      ...['-I', headers, '-Ibinding', '-Ideps/include'],
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', extra],
      ...['-Ldeps/lib', '-ltensorflow', '-ltensorflow_framework'],
      ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', aside],
    ],
    'A C++17 compiler is needed once (Debian, Ubuntu: sudo apt install g++), or set CXX.',
    { cwd: packageFolder },
  );
  await rename(aside, target);
}

/** Folder with node_api.h: beside this Node, or from the package node-api-headers in `modules`. */
export async function headersFolder(modules: string): Promise<string> {
  const beside = join(dirname(dirname(process.execPath)), 'include', 'node');
  if (existsSync(join(beside, 'node_api.h'))) return beside;
  const own = join(modules, 'node-api-headers', 'include');
  if ((await readdir(own).catch((): string[] => [])).includes('node_api.h')) return own;
  throw new Error(`node_api.h is neither in ${beside} nor in ${own}`);
}
