// Draws the kernel's icons from its logo: node scripts/logo.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { root } from './lib/parts.mjs';

const folder = join(root, 'jupyter/kernels/hi-zfo');
const svg = readFileSync(join(folder, 'logo-svg.svg'));
for (const size of [32, 64]) {
  const image = new Resvg(svg, { fitTo: { mode: 'width', value: size } });
  writeFileSync(join(folder, `logo-${size}x${size}.png`), image.render().asPng());
}
