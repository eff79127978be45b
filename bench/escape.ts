/**
 * When does a ZO part lead out of a narrow basin? Two weights, a wide good basin and a narrow worse one, training begun in
 * the narrow one: the share of runs that end in the wide one, over epsilon and rate, for the estimate, for the gradient with added noise of
 * the same variance, and for the coin; beside what the smoothed loss and the stability of steps predict.
 *   npx tsx bench/escape.ts [--walkers 16] [--steps 3000]
 * Writes bench/results/escape.{json,md} and docs/figures/escape.png.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bottom, escaped, landscape, walk, type Mover, type Walk, type Way } from './basins.ts';
import { drawEscape, type Escape } from './escape-figure.ts';
import { machine } from './machine.ts';

const { values: args } = parseArgs({
  options: { walkers: { type: 'string', default: '16' }, steps: { type: 'string', default: '3000' } },
});
const [walkers, steps] = [Number(args.walkers), Number(args.steps)];
const epsilons = Array.from({ length: 14 }, (_, i) => 0.01 * 2 ** (i / 2));
const rates = Array.from({ length: 13 }, (_, i) => 0.003 * 2 ** (i / 2));
const RATE = 0.01;
const along = landscape(0);
const usual = { on: along, x: 'FO' as Mover, y: 'ZO' as Mover, rateFO: 0.02, alpha: 0.1, steps, seed: 0 };

const share = (how: Partial<Walk> & Pick<Walk, 'way' | 'epsilon' | 'rateZO'>): number => {
  let count = 0;
  for (let seed = 0; seed < walkers; seed++) count += Number(escaped(walk({ ...usual, ...how, seed })));
  return count / walkers;
};
const map = (way: Way) => rates.map((rateZO) => epsilons.map((epsilon) => share({ way, epsilon, rateZO })));
const moversAt = [
  { rate: 0.01, epsilon: 0.01 },
  { rate: 0.01, epsilon: 0.4 },
  { rate: 0.05, epsilon: 0.01 },
  { rate: 0.1, epsilon: 0.01 },
  { rate: 0.3, epsilon: 0.01 },
];
const movers = (['FO', 'ZO'] as const).flatMap((x) =>
  (['FO', 'ZO'] as const).map((y) => ({
    x,
    y,
    // one rate for both, so that a rate which is too large for the basin is so for either
    shares: moversAt.map(({ rate, epsilon }) => share({ x, y, way: 'estimate', epsilon, rateZO: rate, rateFO: rate / (1 + usual.alpha) })), // prettier-ignore
  })),
);
const found: Escape = {
  machine: machine(),
  walkers,
  steps,
  epsilons,
  rates,
  maps: { estimate: map('estimate'), 'gradient with noise': map('gradient with noise'), coin: map('coin') },
  angles: [0, 30, 60, 90].map((angle) => ({
    angle,
    share: epsilons.map((epsilon) => share({ on: landscape(angle), way: 'estimate', epsilon, rateZO: RATE })),
  })),
  rate: RATE,
  critical: criticalEpsilon(),
  curvature: { narrow: curvatureAt(...bottom(along)), wide: curvatureAt(0, 0) },
  movers,
  moversAt,
};
mkdirSync('docs/figures', { recursive: true });
writeFileSync('bench/results/escape.json', JSON.stringify(found) + '\n');
const page = [
  '# Out of a narrow basin, on two weights',
  '',
  machine(),
  `\`npx tsx bench/escape.ts --walkers ${walkers} --steps ${steps}\``,
  '',
  `Share of ${walkers} runs of ${steps} steps that end in the wide basin; the two lie along y. Curvature along y: ${found.curvature.narrow.toFixed(1)} in the narrow basin,`,
  `${found.curvature.wide.toFixed(2)} in the wide one. The smoothed loss has no narrow minimum from epsilon ${found.critical.toFixed(3)} on.`,
  '',
  `| x | y | ${moversAt.map(({ rate, epsilon }) => `rate ${rate}, epsilon ${epsilon}`).join(' | ')} |`,
  `| --- | --- | ${moversAt.map(() => '---').join(' | ')} |`,
  ...movers.map(({ x, y, shares }) => `| ${x} | ${y} | ${shares.map((s) => s.toFixed(2)).join(' | ')} |`),
  '',
  `By the angle between the basins and the ZO axis, x FO and y ZO, rate ${RATE}:`,
  '',
  `| angle | ${epsilons.map((e) => e.toPrecision(2)).join(' | ')} |`,
  `| --- | ${epsilons.map(() => '---').join(' | ')} |`,
  ...found.angles.map(
    ({ angle, share: row }) => `| ${angle}° | ${row.map((s) => s.toFixed(2)).join(' | ')} |`,
  ),
  '',
].join('\n');
writeFileSync('bench/results/escape.md', page);
console.log(page);
await drawEscape(found, along);

/** Where gradient descent on the smoothed loss leaves the narrow basin, by bisection. */
function criticalEpsilon(): number {
  let [low, high] = [0.01, 1];
  for (let i = 0; i < 12; i++) {
    const epsilon = Math.sqrt(low * high);
    if (escaped(walk({ ...usual, way: 'smoothed gradient', epsilon, rateZO: 0.05, steps: 10_000 })))
      high = epsilon; // prettier-ignore
    else low = epsilon;
  }
  return high;
}

function curvatureAt(x: number, y: number): number {
  const h = 1e-4;
  return (along.gradient(x, y + h)[1] - along.gradient(x, y - h)[1]) / (2 * h);
}
