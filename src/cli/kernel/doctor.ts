import { packageRoot } from '../../package-root.ts';
import * as jupyterChecks from './check-jupyter.ts';
import * as packageChecks from './check-package.ts';
import { skipped, type Finding, type Patient } from './finding.ts';

const OF_JUPYTER = ['kernelspec', 'its command', 'figures', 'anywidget', 'saved panels'];

/** Looks at everything between a notebook and the kernel; never throws, changes nothing. */
export async function examine(given: Partial<Patient> = {}): Promise<Finding[]> {
  const patient: Patient = {
    root: packageRoot(),
    env: process.env,
    node: { version: process.versions.node, path: process.execPath },
    jupyter: 'jupyter',
    ...given,
  };
  const own = [
    packageChecks.checkNode(patient),
    packageChecks.checkBuild(patient),
    packageChecks.checkTslab(patient),
    packageChecks.checkZeromq(patient),
  ];
  const [kernel, jupyter] = await Promise.all([
    packageChecks.checkKernel(patient, own),
    jupyterChecks.askJupyter(patient),
  ]);
  const found = [...own, kernel, jupyterChecks.checkJupyter(patient, jupyter)];
  if (!jupyter) return [...found, ...OF_JUPYTER.map((name) => skipped(name, 'no Jupyter'))];
  return [
    ...found,
    jupyterChecks.checkSpec(patient, jupyter),
    await jupyterChecks.checkCommand(patient, jupyter),
    jupyterChecks.checkFigures(patient, jupyter),
    jupyterChecks.checkWidgets(jupyter),
    jupyterChecks.checkSaving(patient, jupyter),
  ];
}

/** The findings as lines, each with what to do below it. */
export function findingLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings.flatMap(({ name, state, found, todo }) => [
    `  ${state.padEnd(8)} ${name.padEnd(width)}  ${found}`,
    ...(todo === undefined ? [] : [`  ${' '.repeat(8)} ${' '.repeat(width)}  -> ${todo}`]),
  ]);
}

/** What `hi-zfo kernel doctor` prints. */
export function doctorText(findings: readonly Finding[]): string {
  const lines = findingLines(findings);
  const wrong = findings.filter(({ state }) => state === 'wrong').length;
  const end =
    wrong === 0 ? 'The kernel is in order.' : `${wrong} ${wrong === 1 ? 'thing is' : 'things are'} wrong.`;
  return [...lines, '', end].join('\n');
}
