// npm test: installs and builds what is missing, then runs vitest; arguments after -- go to vitest.
import './lib/require-node.mjs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { install } from './lib/install.mjs';
import { root } from './lib/parts.mjs';

try {
  install();
  await (await import('./build.mjs')).buildAll();
} catch (error) {
  console.error(`test: ${error.message}`);
  process.exit(1);
}
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const { status, signal } = spawnSync(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (signal) console.error(`test: vitest was ended by ${signal}`);
process.exitCode = status ?? 1;
