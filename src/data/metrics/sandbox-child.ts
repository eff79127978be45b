/**
 * Source of the child process that runs untrusted one-line functions; plain JavaScript, so that it can be passed to
 * `node -e` from any bundle. It reads one JSON job list from standard input prints `ready`, and then `index 0|1` for each job.
 *
 * Every candidate gets a fresh context with ECMAScript's own globals only, less those that take memory outside the
 * JavaScript heap. Nothing but strings crosses the border: arguments go in as JSON, answers come out as JSON, and the
 * expected values never go in. Errors are not looked at, since their getters would run outside the time limit.
 */
export const sandboxChild = String.raw`
'use strict';
const vm = require('node:vm');
const { stdin, stdout } = process;
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});
for (const key of Object.getOwnPropertyNames(process)) {
  if (/^(binding|dlopen|kill|exit|abort|reallyExit|_|getBuiltinModule|env|mainModule|chdir|setu|setg)/.test(key)) {
    try { delete process[key]; } catch {}
  }
}
for (const key of ['process', 'require', 'module', 'fetch', 'WebSocket', 'EventSource', 'navigator', 'Buffer']) {
  delete globalThis[key];
}
const offHeap = ['ArrayBuffer', 'SharedArrayBuffer', 'WebAssembly', 'Atomics', 'DataView', 'BigInt64Array',
  'BigUint64Array', 'Float16Array', 'Float32Array', 'Float64Array', 'Int8Array', 'Int16Array', 'Int32Array',
  'Uint8Array', 'Uint16Array', 'Uint32Array', 'Uint8ClampedArray', 'console'];
const prepare = new vm.Script(
  offHeap.map((name) => 'delete globalThis.' + name + ';').join('') +
  '{ const { parse, stringify } = JSON;' +
  'globalThis.answers = (f, calls) => stringify(parse(calls).map((args) => stringify(f(...args)))); }');

function passes({ code, calls, expected }, timeout) {
  try {
    const context = vm.createContext(Object.create(null), {
      codeGeneration: { strings: false, wasm: false },
      microtaskMode: 'afterEvaluate',
    });
    prepare.runInContext(context);
    const script = '{ const run = answers; delete globalThis.answers; run((' + code + '\n), ' + JSON.stringify(calls) + ') }';
    const out = vm.runInContext(script, context, { timeout, displayErrors: false });
    if (typeof out !== 'string' || out.length > 100000) return false;
    return out === expected;
  } catch {
    return false;
  }
}

let input = '';
stdin.setEncoding('utf8');
stdin.on('data', (chunk) => { input += chunk; });
stdin.on('end', () => {
  const { jobs, timeout } = JSON.parse(input);
  const next = (i) => {
    if (i === jobs.length) return;
    stdout.write(i + ' ' + Number(passes(jobs[i], timeout)) + '\n', () => setImmediate(next, i + 1));
  };
  stdout.write('ready\n', () => next(0));
});
`;
