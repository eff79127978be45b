// Puts node_modules in the state that package-lock.json names.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './parts.mjs';

function packagesOf(lockFile) {
  return existsSync(lockFile) ? (JSON.parse(readFileSync(lockFile, 'utf8')).packages ?? {}) : {};
}

/** npm notes in node_modules/.package-lock.json what it has installed. */
function isInstalled() {
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, { version, optional, devOptional, peer }]) =>
      path === '' || optional || devOptional || peer || installed[path]?.version === version,
  );
}

/** Runs `npm ci` unless everything is there; returns seconds. Throws when npm fails. */
export function install() {
  if (isInstalled()) return 0;
  console.log('  npm ci (node_modules is missing or older than package-lock.json)');
  const start = performance.now();
  // Under `npm start` this is the same npm; on Windows npm alone is a script that needs a shell.
  const own = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const [program, ...args] = [
    ...own,
    'ci',
    '--no-fund',
    '--no-audit',
    '--prefer-offline',
    '--loglevel=error',
  ];
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: own.length === 1 && process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(
      `npm ci failed (${error?.message ?? `exit code ${status}`}). It needs the npm registry: check the network or the proxy (npm config get registry), then run the command again.`,
    );
  return (performance.now() - start) / 1000;
}
