import { number, type Json } from './json.ts';

type Row = Readonly<Record<string, number | string>>;

/** Rows as one list a column: shorter, and as easily read elsewhere. */
export function toColumns<T extends object>(rows: readonly T[], names: readonly (keyof T & string)[]) {
  return Object.fromEntries(
    names.map((name) => [
      name,
      rows.map((row) => {
        const value = (row as Row)[name]!;
        return typeof value === 'number' ? number(value) : value;
      }),
    ]),
  );
}

/** Rows from columns; those in `texts` hold text, all others numbers. */
export function fromColumns<T extends object>(
  json: Json,
  names: readonly (keyof T & string)[],
  texts: readonly string[] = [],
): T[] {
  const columns = names.map((name) => {
    const values = json.at(name).list((item) => (texts.includes(name) ? item.text() : item.number()));
    return [name, values] as const;
  });
  const count = columns[0]![1].length;
  for (const [name, values] of columns) {
    if (values.length !== count) json.at(name).fail(`${count} values, as in ${columns[0]![0]}`);
  }
  return Array.from({ length: count }, (_, i) => {
    return Object.freeze(Object.fromEntries(columns.map(([name, values]) => [name, values[i]!]))) as T;
  });
}
