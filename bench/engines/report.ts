import { mkdirSync, writeFileSync } from 'node:fs';
import { closeRenderer, renderPng } from '../../src/plot/still/index.ts';
import { machine } from '../machine.ts';
import type { Request } from './contender.ts';

/** One item on one engine: milliseconds, and the most memory its process has held, in bytes. */
export interface Timing {
  item: string;
  engine: string;
  best: number;
  median: number;
  peak: number;
  request: Request;
}

/** All items of one model at one number of threads, run in turn. */
export interface Comparison {
  model: string;
  threads: number;
  /** Each engine in words. */
  whats: Record<string, string>;
  timings: Timing[];
}

const PEER = 'PyTorch';

/** Prints the table; writes bench/results/OUT.md, .json and .png if there is a name. */
export async function writeReport(
  comparisons: readonly Comparison[],
  calm: { rounds: number; quiet: number },
  command: readonly string[],
  out: string | undefined,
): Promise<void> {
  const text = [
    '# Engines beside PyTorch',
    '',
    machine(),
    `\`npm run bench${command.length ? ` -- ${command.join(' ')}` : ''}\``,
    '',
    'Best (median) milliseconds of runs taken in turn, and the ratio of the best to that of PyTorch eager: MeZO in place, with the',
    'pass that restores doing the update; AdamW fused. In brackets the peak resident memory of a process that does this and nothing else,',
    'in MB. Losses of the batch agree to 1e-4 on all sides. ' +
      `${calm.quiet} of ${calm.rounds} rounds began while nothing else ran on the machine.`,
    ...comparisons.flatMap(section),
    '',
  ].join('\n');
  console.log(text);
  if (out === undefined) return;
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(`bench/results/${out}.md`, text);
  const data = { machine: machine(), command, comparisons: comparisons.map(withoutRequests) };
  writeFileSync(`bench/results/${out}.json`, JSON.stringify(data, null, 1) + '\n');
  writeFileSync(`bench/results/${out}.png`, await renderPng(figure(comparisons), { width: 900, height: 460 })); // prettier-ignore
  await closeRenderer();
}

function section({ model, threads, whats, timings }: Comparison): string[] {
  const engines = Object.keys(whats);
  const rows = [...new Set(timings.map((t) => t.item))].map((item) => {
    const of = (engine: string) => timings.find((t) => t.item === item && t.engine === engine);
    return `| ${item} | ${engines.map((engine) => cell(of(engine)!, of(PEER))).join(' | ')} |`;
  });
  return [
    '',
    `## ${model}, ${threads} thread${threads > 1 ? 's' : ''}`,
    '',
    ...engines.map((engine) => `- ${engine}: ${whats[engine]!}`),
    '',
    `| | ${engines.join(' | ')} |`,
    `| --- |${' --- |'.repeat(engines.length)}`,
    ...rows,
  ];
}

function cell({ best, median, peak, engine }: Timing, peer: Timing | undefined): string {
  const ratio = peer && engine !== PEER ? `**${(best / peer.best).toFixed(2)}** · ` : '';
  const memory = Number.isNaN(peak) ? '' : ` [${(peak / 1e6).toFixed(0)}]`;
  return `${ratio}${digits(best)} (${digits(median)})${memory}`;
}

const digits = (ms: number) => ms.toFixed(ms < 10 ? 2 : ms < 1000 ? 1 : 0);

const withoutRequests = (c: Comparison) => ({
  ...c,
  timings: c.timings.map(({ item, engine, best, median, peak }) => ({ item, engine, best, median, peak })),
});

/** Ratios to PyTorch at the most threads, a group of bars a model. */
function figure(comparisons: readonly Comparison[]) {
  const threads = Math.max(...comparisons.map((c) => c.threads));
  const shown = comparisons.filter((c) => c.threads === threads);
  const engines = [...new Set(shown.flatMap((c) => Object.keys(c.whats)))].filter((e) => e !== PEER);
  const data = engines.map((engine) => {
    const points = shown.flatMap((c) =>
      c.timings
        .filter((t) => t.engine === engine)
        .map((t) => {
          const peer = c.timings.find((p) => p.item === t.item && p.engine === PEER);
          return { model: c.model, item: t.item, ratio: t.best / (peer?.best ?? NaN) };
        }),
    );
    return {
      type: 'bar',
      name: engine,
      x: points.map((p) => `${p.item}<br>${p.model}`),
      y: points.map((p) => p.ratio),
    };
  });
  const layout = {
    barmode: 'group',
    title: { text: `Time as a multiple of PyTorch eager, ${threads} threads` },
    yaxis: { title: { text: 'time / PyTorch' }, rangemode: 'tozero' },
    xaxis: { tickangle: -45, tickfont: { size: 9 } },
    margin: { b: 170 },
    shapes: [{ type: 'line', xref: 'paper', x0: 0, x1: 1, y0: 1, y1: 1, line: { dash: 'dot', width: 1 } }],
  };
  return { data, layout };
}
