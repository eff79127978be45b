import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { methods } from '../src/index.ts';
import { renderPng } from '../src/plot/still/index.ts';
import { axis, colours, frame } from '../src/plot/theme.ts';
import { compared, type StochasticityRun } from './stochasticity-run.ts';

const LOOK: Record<(typeof compared)[number], { color: string; symbol: string; name?: string }> = {
  'hi-zfo': { color: colours.ZO, symbol: 'circle' },
  full: { color: colours.FO, symbol: 'square' },
  frozen: { color: '#666666', symbol: 'diamond', name: 'Same partition, rest frozen' },
  noise: { color: colours.perturbed, symbol: 'x', name: 'Coin for the ZO sign' },
};
const PANELS: [string, keyof StochasticityRun][] = [
  ['tr H', 'trace'],
  ['largest eigenvalue', 'largest'],
  ['rise at 5% of the weights', 'rise'],
];

/** Sharpness against the held-out loss and score, a point a run. */
export async function drawStochasticity(
  runs: readonly StochasticityRun[],
  metric: string,
  path: string,
): Promise<void> {
  const rows: [string, keyof StochasticityRun][] = [['held-out loss', 'loss'], [metric, 'score']]; // prettier-ignore
  const data = rows.flatMap(([, y], j) =>
    PANELS.flatMap(([, x], i) =>
      compared.map((method) => {
        const list = runs.filter((r) => r.method === method);
        const { color, symbol, name = methods[method].title } = LOOK[method];
        const n = String(3 * j + i + 1).replace(/^1$/, '');
        return {
          type: 'scatter',
          mode: 'markers',
          name,
          showlegend: i + j === 0,
          x: list.map((r) => r[x]),
          y: list.map((r) => r[y]),
          marker: { color, symbol, size: 9 },
          xaxis: `x${n}`,
          yaxis: `y${n}`,
        };
      }),
    ),
  );
  const axes = rows.flatMap(([title], j) =>
    PANELS.flatMap(([name], i): [string, object][] => {
      const n = String(3 * j + i + 1).replace(/^1$/, '');
      const left = 0.36 * i;
      const low = j ? 0 : 0.56;
      return [
        [`xaxis${n}`, axis(j ? name : '', { domain: [left, left + 0.28], anchor: `y${n}`, nticks: 5 })],
        [`yaxis${n}`, axis(i ? '' : title, { domain: [low, low + 0.44], anchor: `x${n}`, nticks: 5 })],
      ];
    }),
  );
  const height = 600;
  const width = 980;
  const legend = compared.map((m) => LOOK[m].name ?? methods[m].title);
  const layout = {
    ...frame({ title: 'Sharpness of the place that was reached, and the held-out result', height, legend }),
    ...Object.fromEntries(axes),
    paper_bgcolor: 'white',
    plot_bgcolor: 'white',
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await renderPng({ data, layout }, { width, height }));
}
