import { createDisplay } from '../notebook/display-value.ts';
import { IMPORT, importModule } from './imports.ts';

/**
 * Defines what stands behind the declarations and behind `import()`.
 *
 * @param stack - makes a stack readable
 */
export function defineGlobals(stack: (stack: string) => string): void {
  for (const [name, value] of Object.entries({
    display: createDisplay({ stack }),
    [IMPORT]: importModule(process.cwd()),
  }))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
