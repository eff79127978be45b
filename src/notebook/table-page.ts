import { randomUUID } from 'node:crypto';
import { escapeHtml } from './html.ts';

/** A table as text, with the numbers behind it for sorting. */
export interface TextTable {
  names: string[];
  /** Cells as text, a row an array. */
  rows: string[][];
  /** For each column of numbers its values, null where there is none. */
  numbers: (readonly (number | null)[] | null)[];
  /** Rows of the whole table. */
  total: number;
}

/** Characters of one cell in the page, and of all cells that the page gets for sorting and turning over. */
const CELL = 300;
const ALL = 300_000;

/** As many rows as the page is given. */
function embedded({ rows, numbers }: TextTable): Pick<TextTable, 'rows' | 'numbers'> {
  let characters = 0;
  const last = rows.findIndex((row) => (characters += row.join().length) > ALL);
  const count = last < 0 ? rows.length : Math.max(1, last);
  return { rows: rows.slice(0, count), numbers: numbers.map((column) => column?.slice(0, count) ?? null) };
}

/**
 * Sorting and pages, in the page. Where scripts do not run (an untrusted notebook, a repository's static view) the first
 * page stands as it is.
 */
const SCRIPT = `((id, { rows, numbers, total, size, columns }) => {
  const root = document.getElementById(id);
  if (!root || root.dataset.live) return;
  root.dataset.live = 'yes';
  const heads = [...root.querySelectorAll('th')];
  const body = root.querySelector('tbody');
  const foot = root.querySelector('small');
  const pages = Math.ceil(rows.length / size);
  let order = rows.map((_, row) => row);
  let page = 0;
  let by = -1;
  let sign = 1;
  const button = (text, title, step) => {
    const made = document.createElement('button');
    made.textContent = text;
    made.title = title;
    made.style.margin = '0 2px';
    made.onclick = () => { page = Math.min(pages - 1, Math.max(0, page + step)); draw(); };
    return made;
  };
  const places = document.createElement('span');
  const draw = () => {
    const shown = order.slice(page * size, (page + 1) * size);
    body.replaceChildren(...shown.map((row) => {
      const line = document.createElement('tr');
      rows[row].forEach((text, column) => {
        const cell = line.insertCell();
        cell.textContent = text;
        cell.style.textAlign = numbers[column] ? 'right' : 'left';
      });
      return line;
    }));
    heads.forEach((head, column) => {
      head.setAttribute('aria-sort', column !== by ? 'none' : sign > 0 ? 'ascending' : 'descending');
      head.textContent = head.dataset.name + (column !== by ? '' : sign > 0 ? ' \\u2191' : ' \\u2193');
    });
    const part = rows.length < total ? ' (the first ' + rows.length + ' can be sorted here)' : '';
    places.textContent = ' rows ' + (page * size + 1) + ' to ' + (page * size + shown.length) + ' of ' + total + part + ', ' + columns;
  };
  const compare = (a, b) => {
    const column = numbers[by];
    if (!column) return sign * rows[a][by].localeCompare(rows[b][by]) || a - b;
    const [x, y] = [column[a], column[b]];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return sign * (x - y) || a - b;
  };
  heads.forEach((head, column) => {
    head.dataset.name = head.textContent;
    head.tabIndex = 0;
    head.title = 'sort';
    head.style.cursor = 'pointer';
    head.onclick = () => {
      if (by !== column) [by, sign] = [column, 1];
      else if (sign > 0) sign = -1;
      else [by, sign] = [-1, 1];
      order = rows.map((_, row) => row);
      if (by >= 0) order.sort(compare);
      page = 0;
      draw();
    };
    head.onkeydown = (event) => { if (event.key === 'Enter') head.click(); };
  });
  foot.replaceChildren(...(pages > 1 ? [button('\\u2039', 'page before', -1), button('\\u203a', 'next page', 1)] : []), places);
  draw();
})`;

/** Text for a script element: no end of it can stand inside. */
const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * A table as HTML: its first page, and a script that sorts by a click on a column's name and turns the pages.
 *
 * @param size - rows of a page
 */
export function tablePage(table: TextTable, size: number, footer: string): string {
  const { names, total } = table;
  const numeric = table.numbers.map((column) => column !== null);
  const cut = (text: string): string => (text.length > CELL ? `${text.slice(0, CELL - 1)}…` : text);
  const rows = table.rows.map((row) => row.map(cut));
  const align = (i: number) => ` style="text-align:${numeric[i] ? 'right' : 'left'}"`;
  const line = (tag: string, row: string[]) =>
    `<tr>${row.map((text, i) => `<${tag}${align(i)}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`;
  const id = `hi-zfo-table-${randomUUID().slice(0, 8)}`;
  const columns = `${names.length} ${names.length === 1 ? 'column' : 'columns'}`;
  const data = { ...embedded({ ...table, rows }), total, size, columns };
  const script = rows.length > 1 ? `<script>${SCRIPT}(${scriptJson(id)}, ${scriptJson(data)})</script>` : '';
  const body = rows.slice(0, size).map((row) => line('td', row));
  return `<div id="${id}"><table><thead>${line('th', names)}</thead><tbody>${body.join('')}</tbody></table><small>${footer}</small></div>${script}`;
}
