// Prints `N passed, N failed` of what Python's unittest printed (verbosity 2); skipped tests count as neither.
import { readFileSync } from 'node:fs';

const log = readFileSync(process.argv[2], 'utf8');
const number = (pattern) => Number(log.match(pattern)?.[1] ?? 0);
const ran = number(/^Ran (\d+) tests?/m);
const failed = number(/failures=(\d+)/) + number(/errors=(\d+)/);
const passed = log.match(/\.\.\. ok$/gm)?.length ?? 0;
console.log(ran === 0 ? '0 passed, 1 failed' : `${passed} passed, ${failed} failed`);
