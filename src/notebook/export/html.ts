import { PLOTLY_MIME } from '../figure.ts';
import type { Cell, Notebook } from '../run/nbformat.ts';
import { DRAW_FIGURES } from './draw-figures.ts';
import { escapeHtml, scriptSource } from './embed.ts';
import { firstHeading, highlight, renderMarkdown } from './markdown.ts';
import { renderOutput } from './outputs.ts';
import { styleSheet } from './style.ts';

export interface ExportOptions {
  /** Source of plotly.js, minified; it goes into the page once when there is a figure. */
  plotly: string;
  /** Title of a notebook without a first heading. */
  title?: string;
}

function renderCell(cell: Cell): string {
  const source = cell.source.replace(/\s+$/, '');
  if (cell.cell_type === 'markdown') return `<section class="cell text">${renderMarkdown(source)}</section>`;
  if (cell.cell_type !== 'code') return '';
  const outputs = (cell.outputs ?? []).map(renderOutput).filter((html) => html !== '');
  if (source === '' && outputs.length === 0) return '';
  const shown = outputs.length ? `<div class="output">${outputs.join('\n')}</div>` : '';
  return `<section class="cell"><pre class="source"><code class="hljs">${highlight(source)}</code></pre>${shown}</section>`;
}

/** Figures that plotly draws in a notebook's outputs. */
export function countFigures(notebook: Notebook): number {
  return notebook.cells
    .flatMap(({ outputs = [] }) => outputs)
    .filter((output) => 'data' in output && PLOTLY_MIME in output.data).length;
}

/**
 * A notebook with its outputs as one HTML page that needs nothing else: figures are interactive, with their stills
 * where scripts are off; HTML in it is made harmless.
 *
 * @example
 * writeFileSync('quickstart.html', exportHtml(readNotebook('quickstart.ipynb'), { plotly }));
 */
export function exportHtml(notebook: Notebook, { plotly, title = 'Notebook' }: ExportOptions): string {
  const headings = notebook.cells
    .filter(({ cell_type: type }) => type === 'markdown')
    .map(({ source }) => firstHeading(source));
  const name = headings.find((heading) => heading !== undefined) ?? title;
  const scripts =
    countFigures(notebook) > 0
      ? `<script>${scriptSource(plotly)}</script>\n<script>${DRAW_FIGURES}</script>`
      : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(name)}</title>
<style>${styleSheet()}</style>
</head>
<body>
<main>
${notebook.cells.map(renderCell).join('\n')}
</main>
${scripts}
</body>
</html>
`;
}
