import { parseArgs } from 'node:util';
import { ConfigError } from '../errors.ts';
import { packageRoot, version } from '../package-root.ts';
import { installation } from './kernel/content.ts';
import { doctorText, examine } from './kernel/doctor.ts';
import { install, uninstall } from './kernel/install.ts';
import { defaultPlace, prefixPlace, userPlace, type Place } from './kernel/places.ts';

const help = `hi-zfo kernel: the Jupyter kernel "TypeScript (Hi-ZFO)" in a Jupyter that you start yourself

  hi-zfo kernel install     writes the kernelspec, the extension that draws figures, and the setting that saves panels
  hi-zfo kernel uninstall   removes what install wrote, and nothing else
  hi-zfo kernel doctor      looks whether everything is there, and says what to do where it is not

  --user          your own Jupyter folders, whichever Jupyter you start
  --prefix DIR    one Python environment: DIR/share/jupyter and DIR/etc/jupyter
                  neither: the environment that is active (VIRTUAL_ENV, CONDA_PREFIX), else as --user
  --jupyter PATH  doctor: the Jupyter to ask (default: jupyter on the PATH)

npm start in a checkout needs none of this and writes nothing into your home folder.`;

/** `hi-zfo kernel`: installs, removes and examines the Jupyter kernel. */
export const kernelCommand = {
  summary: 'install, remove or examine the Jupyter kernel',
  help,
  async run(args: string[]): Promise<void> {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        user: { type: 'boolean' },
        prefix: { type: 'string' },
        jupyter: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [what, ...rest] = positionals;
    if (values.help || what === undefined) return console.log(help);
    if (rest.length > 0)
      throw new ConfigError(`hi-zfo kernel ${what} takes no ${rest.join(' ')}.\n\n${help}`);
    if (what === 'install') return installed(placeFrom(values));
    if (what === 'uninstall') return uninstalled(placeFrom(values));
    if (what === 'doctor') return examined(values.jupyter);
    throw new ConfigError(`There is no hi-zfo kernel ${what}; take install, uninstall or doctor.`);
  },
};

function placeFrom({ user, prefix }: { user?: boolean; prefix?: string }): Place {
  if (user && prefix !== undefined) throw new ConfigError('Give --user or --prefix DIR, not both.');
  if (prefix === '') throw new ConfigError('--prefix is empty; give the folder of a Python environment.');
  return prefix !== undefined ? prefixPlace(prefix) : user ? userPlace() : defaultPlace();
}

const list = (files: readonly string[]): string => files.map((file) => `  ${file}`).join('\n');

function installed(place: Place): void {
  const files = install(place, installation(packageRoot()), version());
  console.log(`Installed the kernel "TypeScript (Hi-ZFO)" (${place.why}):\n\n${list(files)}\n
Start JupyterLab or Notebook, or restart a running one, and choose the kernel. hi-zfo kernel doctor looks whether all is well.
The kernelspec names this Node and this folder: after either has moved, install again.`);
}

function uninstalled(place: Place): void {
  const removal = uninstall(place);
  if (!removal) {
    console.log(`Nothing to remove: hi-zfo kernel install has not written to ${place.data}.`);
    return;
  }
  console.log(`Removed:\n\n${list(removal.removed)}`);
  if (removal.kept.length > 0)
    console.log(`\nLeft alone, since changed after the installation:\n\n${list(removal.kept)}`);
}

async function examined(jupyter: string | undefined): Promise<void> {
  const findings = await examine(jupyter === undefined ? {} : { jupyter });
  console.log(doctorText(findings));
  if (findings.some(({ state }) => state === 'wrong')) process.exitCode = 1;
}
