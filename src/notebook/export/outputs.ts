import { stripVTControlCharacters } from 'node:util';
import { PLOTLY_MIME } from '../figure.ts';
import type { MimeBundle } from '../kernel-api.ts';
import type { Output } from '../run/nbformat.ts';
import { escapeHtml, scriptJson } from './embed.ts';
import { renderMarkdown } from './markdown.ts';
import { sanitizeHtml } from './sanitize.ts';

/** Height of a figure that does not say, plotly's own. */
const HEIGHT = 450;

/** nbformat allows text as a list of lines. */
function text(value: unknown): string {
  return Array.isArray(value)
    ? value.join('')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value, null, 2);
}

/** What a terminal would show in the end: no colours, and of a line rewritten by \r its last state. */
function settled(stream: string): string {
  return stripVTControlCharacters(stream)
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').replace(/^[^]*\r/, ''))
    .join('\n');
}

function pre(content: string, kind: string): string {
  return content.trim() === '' ? '' : `<pre class="${kind}">${escapeHtml(content.replace(/\n+$/, ''))}</pre>`;
}

function image(bundle: MimeBundle, kind = 'image'): string {
  const alt = escapeHtml('text/plain' in bundle ? text(bundle['text/plain']) : 'output');
  const source =
    'image/png' in bundle
      ? `data:image/png;base64,${text(bundle['image/png']).replace(/[^A-Za-z0-9+/=]/g, '')}`
      : `data:image/svg+xml;base64,${Buffer.from(text(bundle['image/svg+xml'])).toString('base64')}`;
  return `<img class="${kind}" alt="${alt}" src="${source}">`;
}

function figure(bundle: MimeBundle): string {
  const spec = bundle[PLOTLY_MIME] as { layout?: { height?: unknown } };
  const given = spec.layout?.height;
  const height = typeof given === 'number' && given > 0 ? given : HEIGHT;
  // The still stands until the figure is drawn, and for good where scripts are off.
  const still =
    'image/png' in bundle ? image(bundle, 'still') : pre(text(bundle['text/plain'] ?? 'figure'), 'still');
  return `<figure class="plot" style="min-height:${height}px"><script type="application/json">${scriptJson(spec)}</script>${still}</figure>`;
}

function bundle(data: MimeBundle): string {
  if (PLOTLY_MIME in data) return figure(data);
  if ('text/html' in data) return `<div class="html">${sanitizeHtml(text(data['text/html']))}</div>`;
  if ('image/png' in data || 'image/svg+xml' in data) return image(data);
  if ('text/markdown' in data)
    return `<div class="text">${renderMarkdown(text(data['text/markdown']))}</div>`;
  return pre(settled(text(data['text/plain'] ?? '')), 'result');
}

/** One output of a cell as HTML. */
export function renderOutput(output: Output): string {
  switch (output.output_type) {
    case 'stream':
      return pre(settled(text(output.text)), output.name === 'stderr' ? 'stream stderr' : 'stream');
    case 'error': {
      const trace = text(output.traceback.join('\n')) || `${output.ename}: ${output.evalue}`;
      return pre(stripVTControlCharacters(trace), 'error');
    }
    default:
      return bundle(output.data);
  }
}
