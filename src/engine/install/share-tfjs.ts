import { readlink, mkdir, rename, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../package-root.ts';

/**
 * Links our own TF.js into an installed engine's node_modules, since an addon with another copy would register its backend
 * there. Done at every load: hi-zfo may have moved since.
 */
export async function shareTfjs(folder: string): Promise<void> {
  const ours = createRequire(join(packageRoot(), 'package.json')).resolve('@tensorflow/tfjs/package.json');
  const core = createRequire(ours).resolve('@tensorflow/tfjs-core/package.json');
  const scope = join(folder, 'node_modules', '@tensorflow');
  await mkdir(scope, { recursive: true });
  for (const [name, target] of [
    ['tfjs', dirname(ours)],
    ['tfjs-core', dirname(core)],
  ] as const) {
    const link = join(scope, name);
    if ((await readlink(link).catch(() => undefined)) === target) continue;
    const aside = `${link}.${process.pid}`;
    await symlink(target, aside, 'junction');
    await rename(aside, link);
  }
}
