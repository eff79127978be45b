import * as aq from 'arquero';
import { JSDOM } from 'jsdom';
import { describe, expect, it } from 'vitest';
import { isTable, TableDisplay, tableBundle } from '../../src/notebook/table.ts';
import { recordDisplays } from './recorder.ts';

const shown = recordDisplays();
const table = aq.table({ name: ['<a>', 'b'], value: [1234.5678, 2], none: [null, 0.000123456] });

describe('a table', () => {
  it('has numbers to four digits, aligned, and its size', () => {
    expect(tableBundle(table)['text/plain']).toBe(
      ['name  value       none', '<a>    1235', 'b         2  0.0001235', '2 rows, 3 columns'].join('\n'),
    );
  });

  it('is safe HTML', () => {
    const html = String(tableBundle(table)['text/html']);
    expect(html).toContain('&lt;a&gt;');
    expect(html).not.toContain('<a>');
  });

  it('shows its head only', () => {
    const long = aq.table({ i: Array.from({ length: 50 }, (_, i) => i) });
    expect(String(tableBundle(long)['text/plain']).split('\n')).toHaveLength(22);
    expect(tableBundle(long, { rows: 3 })['text/plain']).toBe('i\n0\n1\n2\nfirst 3 of 50 rows, 1 column');
  });

  describe('in a page', () => {
    const long = aq.table({
      i: Array.from({ length: 50 }, (_, i) => (i === 7 ? NaN : (i * 7) % 50)),
      word: Array.from({ length: 50 }, (_, i) => (i === 3 ? '</script><b>' : `w${i}`)),
    });
    /** The page's document; its scripts have run if they may. */
    function page(scripts: boolean, of = long): Document {
      const markup = String(tableBundle(of)['text/html']);
      return new JSDOM(`<body>${markup}</body>`, scripts ? { runScripts: 'dangerously' } : {}).window
        .document;
    }
    const column = (document: Document, n: number) =>
      [...document.querySelectorAll('tbody tr')].map((row) => row.children[n]?.textContent);

    it('without scripts stands with its first rows', () => {
      const document = page(false);
      expect(column(document, 1)).toHaveLength(20);
      expect(document.querySelector('small')?.textContent).toBe('first 20 of 50 rows, 2 columns');
    });

    it('turns its pages', () => {
      const document = page(true);
      const [before, next] = document.querySelectorAll('button');
      next!.click();
      next!.click();
      next!.click();
      expect(document.querySelector('small')?.textContent).toContain('rows 41 to 50 of 50, 2 columns');
      expect(column(document, 1)).toHaveLength(10);
      before!.click();
      expect(column(document, 1)[0]).toBe('w20');
    });

    it('sorts by number, up, down and not, over all rows', () => {
      const document = page(true);
      const head = document.querySelector('th')!;
      head.click();
      expect(column(document, 0).slice(0, 3)).toEqual(['0', '1', '2']);
      expect(head.getAttribute('aria-sort')).toBe('ascending');
      head.click();
      expect(column(document, 0).slice(0, 2)).toEqual(['48', '47']);
      head.click();
      expect(column(document, 0).slice(0, 3)).toEqual(['0', '7', '14']);
      document.querySelectorAll('th')[1]!.click();
      expect(column(document, 1)[0]).toBe('</script><b>');
      expect(document.querySelectorAll('script')).toHaveLength(1);
    });

    it('gets no more than it can bear, and says so', () => {
      const huge = aq.table({ text: Array.from({ length: 5000 }, (_, i) => `${i} ${'x'.repeat(1000)}`) });
      expect(String(tableBundle(huge)['text/html']).length).toBeLessThan(600_000);
      const text = page(true, huge).querySelector('small')?.textContent;
      expect(text).toMatch(/rows 1 to 20 of 5000 \(the first \d+ can be sorted here\)/);
    });
  });

  it('is known by what it can do', () => {
    expect(isTable(table)).toBe(true);
    expect([null, 3, {}, { numRows: () => 1 }].map(isTable)).toEqual([false, false, false, false]);
  });

  it('can be shown and printed', () => {
    const display = new TableDisplay(table).show();
    expect(shown[0]?.data['text/plain']).toBe(String(display));
  });
});
