import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { countFigures, exportHtml } from '../../src/notebook/export/index.ts';
import { scriptJson, scriptSource } from '../../src/notebook/export/embed.ts';
import type { Cell, Notebook, Output } from '../../src/notebook/run/nbformat.ts';

const PLOTLY = 'application/vnd.plotly.v1+json';
const PNG = 'iVBORw0KGgo=';

const markdown = (source: string): Cell => ({ cell_type: 'markdown', id: 'm', metadata: {}, source });
const code = (source: string, ...outputs: Output[]): Cell => ({
  cell_type: 'code',
  id: 'c',
  metadata: {},
  source,
  outputs,
  execution_count: 1,
});
const display = (data: Record<string, unknown>): Output => ({
  output_type: 'display_data',
  data,
  metadata: {},
});
const figure = (title: string) =>
  display({
    [PLOTLY]: { data: [{ y: [1, 2] }], layout: { title } },
    'image/png': PNG,
    'text/plain': 'a figure',
  });

function exported(...cells: Cell[]): { html: string; document: Document } {
  const notebook: Notebook = { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
  const html = exportHtml(notebook, { plotly: 'window.Plotly = { version: "</script>" };', title: 'name' });
  return { html, document: new JSDOM(html).window.document };
}

describe('a notebook as a page', () => {
  it('has the first heading as its title, or its name', () => {
    expect(exported(markdown('text'), markdown('# A *first* `run` & more\n\n# second')).document.title).toBe(
      'A first run & more',
    );
    expect(exported(markdown('## only smaller')).document.title).toBe('name');
  });

  it('shows markdown and highlighted TypeScript', () => {
    const { document } = exported(markdown('- one\n- two'), code('const n: number = 1; // <b>'));
    expect(document.querySelectorAll('li')).toHaveLength(2);
    expect(document.querySelector('.source')?.textContent).toBe('const n: number = 1; // <b>');
    expect(document.querySelector('.source .hljs-keyword')?.textContent).toBe('const');
  });

  it('shows what was printed as a terminal leaves it', () => {
    const stream: Output = {
      output_type: 'stream',
      name: 'stdout',
      text: '10%\r50%\r100%\n\u001b[31m<i>\u001b[0m\n',
    };
    expect(exported(code('', stream)).document.querySelector('.stream')?.textContent).toBe('100%\n<i>');
  });

  it('shows errors readable', () => {
    const error: Output = {
      output_type: 'error',
      ename: 'E',
      evalue: 'v',
      traceback: ['\u001b[1mE: <v>\u001b[0m'],
    };
    expect(exported(code('x', error)).document.querySelector('.error')?.textContent).toBe('E: <v>');
  });

  it('carries plotly once, and each figure with its still', () => {
    const { html, document } = exported(code('a', figure('one')), code('b', figure('two')));
    expect(html.split('window.Plotly =')).toHaveLength(2);
    const specs = [...document.querySelectorAll('figure.plot script')].map(
      (script) => (JSON.parse(script.textContent ?? '') as { layout: { title: string } }).layout.title,
    );
    expect(specs).toEqual(['one', 'two']);
    const stills = [...document.querySelectorAll<HTMLImageElement>('figure.plot img.still')];
    expect(stills.map(({ src, alt }) => [src, alt])).toEqual(
      Array.from({ length: 2 }, () => [`data:image/png;base64,${PNG}`, 'a figure']),
    );
  });

  it('carries no plotly without a figure', () => {
    expect(
      exported(code('a', display({ 'image/png': PNG }))).document.querySelectorAll('script'),
    ).toHaveLength(0);
  });

  it('asks for nothing from elsewhere', () => {
    const { document } = exported(markdown('text'), code('a', figure('one')));
    const urls = [...document.querySelectorAll('[src], link[href]')].map(
      (element) => element.getAttribute('src') ?? element.getAttribute('href') ?? '',
    );
    expect(urls.filter((url) => !url.startsWith('data:'))).toEqual([]);
  });

  it('counts the figures', () => {
    const cells = [markdown('# t'), code('a', figure('one'), display({ 'text/plain': 'x' }))];
    expect(countFigures({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 })).toBe(1);
  });
});

describe('nothing in a notebook acts', () => {
  const hostile =
    '<img src=x onerror=alert(1)><script>alert(1)</script><a href="javascript:alert(1)">a</a><b>kept</b>';

  it.each([
    ['markdown', markdown(hostile)],
    ['HTML output', code('a', display({ 'text/html': hostile }))],
    ['markdown output', code('a', display({ 'text/markdown': hostile }))],
  ])('%s', (_, cell) => {
    const { document } = exported(cell);
    expect(document.querySelectorAll('script, [onerror], [href^="javascript:"]')).toHaveLength(0);
    expect(document.querySelector('b')?.textContent).toBe('kept');
  });

  it('a figure cannot leave its script element', () => {
    const title = '</script><script>alert(1)</script><!-- \u2028';
    const { document } = exported(code('a', figure(title)));
    const script = document.querySelector('figure.plot script');
    expect((JSON.parse(script?.textContent ?? '') as { layout: { title: string } }).layout.title).toBe(title);
    expect([...document.querySelectorAll('script')].some((s) => s.textContent?.startsWith('alert'))).toBe(
      false,
    );
  });

  it('escapes for script elements keep the value', () => {
    const value = { text: '</SCRIPT><!--\u2028\u2029"\\' };
    expect(scriptJson(value)).not.toMatch(/<|\u2028|\u2029/);
    expect(JSON.parse(scriptJson(value))).toEqual(value);
    const source = `'</Script><!--'`;
    expect(scriptSource(source)).not.toMatch(/<\/script|<!--/i);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    expect(new Function(`return ${scriptSource(source)}`)()).toBe('</Script><!--');
  });
});
