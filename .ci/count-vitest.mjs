// Prints `N passed, N failed` of a vitest report in JSON.
import { existsSync, readFileSync } from 'node:fs';

const file = process.argv[2];
if (!existsSync(file)) {
  console.log('vitest wrote no report');
  process.exit(1);
}
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'));
const unloaded = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && !assertionResults.length,
);
console.log(`${numPassedTests} passed, ${numFailedTests + unloaded.length} failed`);
