import { Figure } from '../notebook/index.ts';
import { partitionFigure, partitionText } from '../plot/partition.ts';
import { historyText, runSummary } from '../plot/history-text.ts';
import { lossTraces, skippedTrace } from '../plot/losses.ts';
import { figureSpec, type FigureSpec } from '../plot/spec.ts';
import { axis, frame, legendNames } from '../plot/theme.ts';
import { significant } from '../plot/words.ts';
import type { PanelHost } from './host.ts';

const POINTS = 1000;
/** Parts of the height, from below: the losses, and the map above them. */
const LOSSES = [0, 0.34];
const MAP = [0.48, 1];

/** The settings that the panel has sliders for, in one line. */
function settingsLine({ settings, labels }: PanelHost): string {
  const { alpha, epsilon, rateFO, rateZO, queries } = settings;
  const rho = labels?.budget ? [`rho ${significant(labels.budget.rho)}`] : [];
  const rates = [`rate FO ${significant(rateFO)}`, `rate ZO ${significant(rateZO)}`];
  return [
    ...rho,
    `alpha ${significant(alpha)}`,
    `epsilon ${significant(epsilon)}`,
    ...rates,
    `q ${queries}`,
  ].join(' · ');
}

/** Traces of another figure, on its second pair of axes. */
const below = (traces: readonly object[]): object[] =>
  traces.map((trace) => ({ ...trace, xaxis: 'x2', yaxis: 'y2' }));

/** The map of the tensors, the losses below it, and the settings in a line, as they are now. */
export function panelFigure(host: PanelHost, notes: readonly string[] = []): FigureSpec {
  const { labels, rows } = host;
  const map = labels ? partitionFigure(labels) : { data: [], layout: {} };
  const losses = [...lossTraces(rows, 'step', POINTS), ...skippedTrace(rows, 'step', POINTS)];
  const data = [...map.data, ...below(losses)];
  const both = map.data.length > 0 && losses.length > 0;
  const { xaxis, yaxis } = map.layout as { xaxis?: object; yaxis?: object };
  const [name = '', ...more] = host.title.split('\n');
  return figureSpec(data, {
    ...frame({
      title: name,
      subtitle: [...notes, ...more.map((line) => line.trim()), settingsLine(host), runSummary(rows)],
      height: both ? 760 : 480,
      legend: legendNames(data),
    }),
    barmode: 'overlay',
    ...(map.data.length > 0 && {
      xaxis: { ...xaxis, anchor: 'y' },
      yaxis: { ...yaxis, domain: both ? MAP : [0, 1] },
    }),
    ...(losses.length > 0 && {
      xaxis2: axis('step', { anchor: 'y2' }),
      yaxis2: axis('loss', { anchor: 'x2', domain: both ? LOSSES : [0, 1] }),
    }),
  });
}

/** What the figure says, in words. */
export function panelText(host: PanelHost, notes: readonly string[] = []): string {
  const { labels, rows } = host;
  return [
    ...notes,
    host.title,
    settingsLine(host),
    ...(labels ? [partitionText(labels)] : []),
    historyText(rows),
  ].join('\n');
}

/** A still of a panel: shown where the panel itself cannot be, and kept in saved notebooks. */
export function panelStill(host: PanelHost, notes: readonly string[] = []): Figure {
  const { data, layout } = panelFigure(host, notes);
  return new Figure(data, layout, panelText(host, notes));
}
