import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { HiZfoError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';

/** The page's side of the panel. */
export interface FrontEnd {
  esm: string;
  css: string;
}

const PLOTLY = 'jupyter/labextensions/hi-zfo-plotly/static/plotly.min.js';

function built(file: string): string {
  const path = join(packageRoot(), file);
  if (!existsSync(path)) {
    throw new HiZfoError(`A part of the live panel is missing: ${path}. In a checkout run: npm run build`);
  }
  return path;
}

/**
 * The page's side of the panel as it was built.
 *
 * @throws HiZfoError when it was not built
 */
export function frontEnd(): FrontEnd {
  const [esm, css] = ['dist/panel.mjs', 'dist/panel.css'].map((file) => readFileSync(built(file), 'utf8'));
  return { esm: esm!, css: css! };
}

let packed: Promise<Uint8Array> | undefined;

/**
 * plotly.js, gzipped, for pages that have no copy of ours.
 *
 * @throws HiZfoError when it was not built
 */
export function packedPlotly(): Promise<Uint8Array> {
  return (packed ??= promisify(gzip)(readFileSync(built(PLOTLY))));
}
