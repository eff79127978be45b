import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { EngineError } from '../../errors.ts';
import { TENSORFLOW, type Wheel } from './recipe.ts';
import { tool } from '../install/tool.ts';

const PIP_HINT =
  'The TensorFlow library comes from PyPI: it needs a network, and python3 with pip once (Debian, Ubuntu: sudo apt install ' +
  'python3-pip). Or give a wheel that you have with --wheel FILE.';

/** Any CPython tag holds the same libraries. */
const PYTHON = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311'];

/** Takes out the two libraries and the C headers, as a stream; the wheel unpacks to 2 GB. */
const UNPACK = `
import os, re, shutil, sys, zipfile
wheel, out = sys.argv[1:3]
want = re.compile(r'^tensorflow/(libtensorflow(?:_cc|_framework)\\.so\\.2$|include/(?:tensorflow/c/|tensorflow/core/platform/ctstring|(?:tensorflow/|xla/)?tsl/(?:c|platform)/).*\\.h$|include/tensorflow/core/platform/ctstring.*\\.h$)')
with zipfile.ZipFile(wheel) as z:
    for entry in z.infolist():
        if not want.match(entry.filename): continue
        name = entry.filename[len('tensorflow/'):]
        target = os.path.join(out, name if name.startswith('include/') else 'lib/' + name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with z.open(entry) as source, open(target, 'wb') as file: shutil.copyfileobj(source, file, 1 << 20)
    metadata = [n for n in z.namelist() if n.endswith('.dist-info/METADATA')][0]
    cuda = re.findall(r"^Requires-Dist: (nvidia-[\\w-]+) ?\\(?([^;)]*)\\)? *; *extra == .and-cuda.", z.read(metadata).decode(), re.M)
    open(os.path.join(out, 'cuda-requirements.txt'), 'w').write(''.join(a + b.strip() + '\\n' for a, b in cuda))
for name, link in (('cc', 'libtensorflow.so'), ('framework', 'libtensorflow_framework.so')):
    os.symlink('libtensorflow_%s.so.2' % name, os.path.join(out, 'lib', link))
`;

/** Downloads the wheel into `folder` with pip, which knows the user's index and proxy; its path. */
export async function downloadWheel(wheel: Wheel, folder: string): Promise<string> {
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  const platforms = ['manylinux_2_17', 'manylinux2014'].flatMap((tag) => ['--platform', `${tag}_${arch}`]);
  const what = [...PYTHON, ...platforms, '-d', folder, `${wheel.project}==${TENSORFLOW}`];
  const args = ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', ...what];
  await tool('python3', args, PIP_HINT);
  const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!file) throw new EngineError(`pip downloaded no wheel of ${wheel.project} ${TENSORFLOW}. ${PIP_HINT}`);
  return join(folder, file);
}

/** Unpacks the library and headers of a wheel into `folder`/lib and `folder`/include. */
export async function unpackWheel(file: string, folder: string): Promise<void> {
  const hint = `Is the disk full? ${basename(file)} needs 1 GB in ${folder}.`;
  await tool('python3', ['-c', UNPACK, resolve(file), folder], hint);
}
