import type { TensorCell } from '../../protocol.ts';
import { s, setAttributes } from '../dom.ts';
import type { MapLayout } from './layout.ts';
import type { Look } from './look.ts';

interface Drawn {
  group: SVGGElement;
  back: SVGRectElement;
  fill: SVGRectElement;
  hatch: SVGRectElement;
  mark: SVGPathElement;
  key: string;
}

/** Draws the map into one SVG; only what has changed is touched. */
export class MapDrawing {
  readonly svg: SVGSVGElement;
  readonly #id: string;
  readonly #names = s('g', { class: 'hz-map-names', 'aria-hidden': 'true' });
  readonly #cells = s('g', {});
  readonly #band = s('rect', { class: 'hz-band', visibility: 'hidden' });
  #drawn: Drawn[] = [];
  #layout: MapLayout | undefined;

  constructor(id: string) {
    this.#id = id;
    const hatch = (label: string) =>
      s(
        'pattern',
        {
          id: `${id}-${label}`,
          width: 6,
          height: 6,
          patternUnits: 'userSpaceOnUse',
          patternTransform: 'rotate(45)',
        },
        s('rect', { width: 3, height: 6, class: 'hz-hatch', 'data-label': label }),
      );
    this.svg = s(
      'svg',
      {
        class: 'hz-map',
        role: 'grid',
        'aria-label': 'Tensors by layer and role',
        'aria-multiselectable': 'true',
      },
      s('defs', {}, hatch('F'), hatch('Z')),
      this.#names,
      this.#cells,
      this.#band,
    );
  }

  /** Lays the cells out anew. */
  place(layout: MapLayout, tensors: readonly TensorCell[]): void {
    this.#layout = layout;
    setAttributes(this.svg, { width: layout.width, height: layout.height });
    this.#names.replaceChildren(
      ...layout.rows.map(({ x, y, label }) => s('text', { x, y: y + 5, 'text-anchor': 'end' }, label)),
      ...layout.columns.map(({ x, label }) =>
        s('text', { x, y: layout.height - 5, 'text-anchor': 'middle' }, label),
      ),
    );
    this.#drawn = tensors.map((_, i) => {
      const cell = layout.cells[i]!;
      const box = {
        x: cell.x,
        y: cell.y,
        width: cell.width,
        height: cell.height,
        rx: Math.min(2, cell.width / 4),
      };
      const back = s('rect', { class: 'hz-cell-back', ...box });
      const fill = s('rect', { class: 'hz-cell-fill', ...box });
      const hatch = s('rect', { class: 'hz-cell-hatch', ...box, visibility: 'hidden' });
      const [cx, cy, r] = [cell.x + cell.width / 2, cell.y + cell.height / 2, Math.min(4, cell.width / 2)];
      const mark = s('path', {
        class: 'hz-cell-mark',
        d: `M${cx} ${cy - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}z`,
        visibility: 'hidden',
      });
      const group = s(
        'g',
        { class: 'hz-cell', role: 'gridcell', tabindex: -1, 'data-index': i },
        back,
        fill,
        hatch,
        mark,
      );
      return { group, back, fill, hatch, mark, key: '' };
    });
    this.#cells.replaceChildren(...this.#rows(layout));
  }

  /** Groups by row, as a grid for readers of the screen wants it. */
  #rows(layout: MapLayout): SVGGElement[] {
    const rows = new Map<number, SVGGElement>();
    this.#drawn.forEach(({ group }, i) => {
      const row = layout.cells[i]!.rows[0];
      if (!rows.has(row)) rows.set(row, s('g', { role: 'row' }));
      rows.get(row)!.append(group);
    });
    return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  }

  show(i: number, look: Look): void {
    const drawn = this.#drawn[i];
    const cell = this.#layout?.cells[i];
    if (!drawn || !cell) return;
    const key = Object.values(look).join('|');
    if (key === drawn.key) return;
    drawn.key = key;
    const { group, fill, hatch, mark } = drawn;
    setAttributes(group, {
      'data-label': look.hoped ?? look.label,
      'data-hoped': look.hoped !== undefined,
      'data-preview': look.preview,
      'data-dimmed': look.dimmed,
      'data-unknown': look.unknown,
      'aria-selected': String(look.selected),
      'aria-label': look.words,
    });
    const tall = Math.max(look.fill > 0 ? 1.5 : 0, look.fill * cell.height);
    setAttributes(fill, { y: cell.y + cell.height - tall, height: tall });
    setAttributes(hatch, {
      visibility: look.preview ? 'visible' : 'hidden',
      fill: look.preview ? `url(#${this.#id}-${look.preview})` : null,
    });
    setAttributes(mark, { visibility: look.byHand && !look.preview ? 'visible' : 'hidden' });
  }

  /** The cell that Tab reaches. */
  reachable(at: number): void {
    this.#drawn.forEach(({ group }, i) => setAttributes(group, { tabindex: i === at ? 0 : -1 }));
  }

  focus(at: number): void {
    this.#drawn[at]?.group.focus({ preventScroll: false });
  }

  /** The rectangle under the hand; null for none. */
  band(box: { x: number; y: number; width: number; height: number } | null): void {
    setAttributes(this.#band, { visibility: box ? 'visible' : 'hidden', ...box });
  }
}
