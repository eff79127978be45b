import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tool } from './tool.ts';

const HINT =
  'npm, which comes with Node, takes this from the npm registry: is there a network (does `npm ping` answer), or a proxy to be set ' +
  '(npm config set proxy URL)? Then install again; nothing was left behind.';

/** Installs npm packages into `folder`, exactly these versions and without their scripts. @throws EngineError */
export async function npmInstall(
  folder: string,
  packages: readonly string[],
  more: readonly string[] = [],
): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  const flags = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // By itself npm is silent for a minute where there is no network.
  const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  // On Windows npm alone is a script that needs a shell; the program behind it lies beside Node.
  const cli = join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const [program, first] = existsSync(cli) ? [process.execPath, [cli]] : ['npm', []];
  await tool(program, [...first, 'install', ...flags, ...patience, ...more, ...packages], HINT, {
    cwd: folder,
  });
}
