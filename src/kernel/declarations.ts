/** What every cell sees besides JavaScript and Node; the values behind it are in `globals.ts`. */
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
