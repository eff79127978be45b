import * as aq from 'arquero';
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
    expect(tableBundle(long, { rows: 3 })['text/plain']).toBe('i\n0\n1\n2\nfirst 3 of 50 rows, 1 columns');
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
