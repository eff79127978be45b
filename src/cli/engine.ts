import { parseArgs } from 'node:util';
import { openEngine, type EngineName } from '../engine/index.ts';

/** `hi-zfo engine`: what would be picked on this machine, and why. */
export const engineCommand = {
  summary: 'say which tensor engine is picked here, and what would be faster',
  async run(args: string[]): Promise<void> {
    const { values } = parseArgs({
      args,
      options: { engine: { type: 'string', default: 'auto' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      console.log('hi-zfo engine [--engine auto|wasm|cpu|native|gpu]');
      return;
    }
    const engine = await openEngine(values.engine as EngineName);
    console.log(String(engine.describe()));
  },
};
