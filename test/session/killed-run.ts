/* A run that saves itself and is killed in the midst of a step: node --import tsx killed-run.ts MODEL DIR STEPS */
import { open } from '../../src/session/index.ts';
import { edit, options } from './same-run.ts';

const [model, dir, steps] = process.argv.slice(2) as [string, string, string];
const s = await open({ ...options, model, show: false });
s.autosave({ every: 1, dir });
const at = s.source.at.bind(s.source);
s.source.at = (step) => {
  if (step === Number(steps)) setImmediate(() => process.kill(process.pid, 'SIGKILL'));
  return at(step);
};
await s.run(1000, { onStep: () => edit(s) });
