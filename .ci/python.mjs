// Prints the Python of .venv, with JupyterLab and the packages named as arguments in it.
import { addToVenv } from '../scripts/lib/jupyter.mjs';

const { log } = console;
console.log = console.error;
log(addToVenv(process.argv.slice(2)));
