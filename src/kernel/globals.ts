import { createDisplay } from '../notebook/display-value.ts';

/** What every cell sees besides JavaScript and Node. `createDisplay` makes the value that stands behind it. */
export const DECLARATIONS = `
/**
 * Shows a value: a result of hi-zfo, a figure or plotly spec, an arquero table, a tensor, whatever has a
 * [Symbol.for('Jupyter.display')] method, and any other value as text.
 */
declare const display: {
  (value: unknown): Promise<void>;
  html(text: string): void;
  markdown(text: string): void;
  svg(text: string): void;
  /** A PNG file, as bytes or base64. */
  png(bytes: Uint8Array | string): void;
};
`;

/** Gives the cells their `display`. @param stack - makes a stack readable */
export function defineGlobals(stack: (stack: string) => string): void {
  const value = createDisplay({ stack });
  Object.defineProperty(globalThis, 'display', { value, writable: true, configurable: true });
}
