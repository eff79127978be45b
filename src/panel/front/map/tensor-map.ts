import type { BudgetAnswer, PanelState } from '../../protocol.ts';
import { h } from '../dom.ts';
import type { Desk, Part } from '../part.ts';
import { between } from './choose.ts';
import { Chosen } from './chosen.ts';
import { MapDrawing } from './draw.ts';
import { exampleGlob } from './glob.ts';
import { HopedLabels } from './hoped.ts';
import { keysOn } from './keys.ts';
import { layoutMap, type MapLayout } from './layout.ts';
import { looksOf, tipLines } from './look.ts';
import { pointerOn } from './pointer.ts';
import { mapLegend, mapTools } from './tools.ts';
import { tooltip } from './tooltip.ts';

/** The tensor map: see, search, select and label. */
export class TensorMap implements Part {
  readonly element: HTMLElement;
  readonly #desk: Desk;
  readonly #drawing: MapDrawing;
  readonly #frame: HTMLElement;
  readonly #tip: ReturnType<typeof tooltip>;
  readonly #tools: ReturnType<typeof mapTools>;
  readonly #hoped = new HopedLabels();
  #layout: MapLayout = { width: 0, height: 0, cells: [], columns: [], rows: [] };
  #placed = '';
  #preview: BudgetAnswer | null = null;
  readonly #chosen = new Chosen();
  /** Cells under the rectangle that is being drawn. */
  #banded: number[] | null = null;
  /** What the tooltip tells of. */
  #described: number | null = null;
  #at = 0;
  #anchor = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#drawing = new MapDrawing(desk.id);
    this.#tip = tooltip(`${desk.id}-tip`);
    this.#tools = mapTools({
      search: (glob) => this.#choose(() => this.#chosen.search(glob, this.#names())),
      label: (label) => void this.#labelMeant(label),
      clear: () => this.#choose(() => this.#chosen.clear()),
    });
    const { svg } = this.#drawing;
    this.#frame = h('div', { class: 'hz-map-frame' }, svg, this.#tip.element);
    this.element = h(
      'section',
      { class: 'hz-section hz-map-section', 'aria-label': 'Tensor map' },
      h('div', { class: 'hz-map-head' }, h('h3', { class: 'hz-heading' }, 'Tensors'), mapLegend()),
      this.#tools.element,
      this.#frame,
    );
    this.#listen(svg);
    const observer = new ResizeObserver(() => this.#place());
    observer.observe(this.#frame);
    desk.signal.addEventListener('abort', () => observer.disconnect());
  }

  #listen(svg: SVGSVGElement): void {
    const cells = () => this.#layout.cells;
    pointerOn(svg, {
      cells,
      click: (index, event) => this.#click(index, event),
      band: (box, touched) => {
        this.#drawing.band(box);
        this.#banded = touched;
        this.#draw();
      },
      bandEnd: (kept, event) => {
        const touched = this.#banded ?? [];
        this.#drawing.band(null);
        this.#banded = null;
        const more = event.shiftKey || event.ctrlKey || event.metaKey;
        this.#choose(() => kept && this.#chosen.select(touched, more));
      },
      hover: (index) => this.#describe(index),
    });
    keysOn(svg, {
      cells,
      at: () => this.#at,
      move: (to, extend) => {
        this.#reach(to);
        this.#drawing.focus(to);
        if (extend) this.#choose(() => this.#chosen.select(between(cells(), this.#anchor, to)));
        else this.#anchor = to;
      },
      toggle: () => void this.#toggle(this.#at),
      label: (label) =>
        void this.#label(this.#chosen.selected.size > 0 ? [...this.#chosen.selected] : [this.#at], label),
      mark: () => this.#choose(() => this.#chosen.flip(this.#at)),
      all: () => this.#choose(() => this.#chosen.select([...cells().keys()])),
      clear: () => this.#choose(() => this.#chosen.select([])),
    });
    svg.addEventListener('focusin', (event) => {
      const index = Number((event.target as Element).closest<SVGElement>('.hz-cell')?.dataset.index ?? NaN);
      if (Number.isNaN(index)) return;
      this.#reach(index);
      this.#describe(index);
    });
    svg.addEventListener('focusout', () => this.#describe(null));
  }

  update(state: PanelState, live: boolean): void {
    this.#hoped.arrived(state.labels, state.pending);
    if (!live) this.#hoped.clear();
    this.#place();
  }

  /** What the budget under the hand would change; null for nothing. */
  preview(budget: BudgetAnswer | null): void {
    if (budget === this.#preview) return;
    this.#preview = budget;
    this.#draw();
  }

  #place(): void {
    const { tensors } = this.#desk.state();
    const width = Math.floor(this.#frame.clientWidth);
    if (width === 0) return; // not in the page, or hidden
    const key = `${width} ${tensors.length} ${tensors[0]?.name} ${tensors.at(-1)?.name}`;
    if (key !== this.#placed) {
      this.#placed = key;
      this.#layout = layoutMap(tensors, width);
      this.#drawing.place(this.#layout, tensors);
      this.#chosen.renamed(this.#names());
      this.#tools.suggest(exampleGlob(this.#names()));
      this.#reach(Math.min(this.#at, Math.max(0, tensors.length - 1)));
    }
    this.#draw();
  }

  #draw(): void {
    const state = this.#desk.state();
    const over = { hoped: this.#hoped, preview: this.#preview, chosen: this.#chosen, banded: this.#banded };
    looksOf(state, over).forEach((look, i) => this.#drawing.show(i, look));
    if (this.#described !== null) this.#describe(this.#described);
    const any = this.#chosen.meant.length > 0;
    this.#tools.update(this.#chosen.words(state.tensors.length), any, this.#desk.live());
  }

  #names(): string[] {
    return this.#desk.state().tensors.map((t) => t.name);
  }

  #choose(change: () => unknown): void {
    change();
    this.#draw();
  }

  #reach(index: number): void {
    this.#at = index;
    this.#drawing.reachable(index);
  }

  #click(index: number | null, event: PointerEvent): void {
    if (index === null) return this.#choose(() => this.#chosen.select([]));
    this.#reach(index);
    if (event.shiftKey)
      return this.#choose(() => this.#chosen.select(between(this.#layout.cells, this.#anchor, index)));
    this.#anchor = index;
    if (event.ctrlKey || event.metaKey) return this.#choose(() => this.#chosen.flip(index));
    void this.#toggle(index);
  }

  async #toggle(index: number): Promise<void> {
    const target = this.#hoped.target(index, this.#desk.state().labels);
    await this.#label([index], target === 'F' ? 'ZO' : 'FO');
  }

  async #labelMeant(label: 'FO' | 'ZO'): Promise<void> {
    const { meant, selected, glob } = this.#chosen;
    if (selected.size > 0) return this.#label(meant, label);
    await this.#give(meant, label, { do: 'label-glob', glob, label });
  }

  #label(tensors: readonly number[], label: 'FO' | 'ZO'): Promise<void> {
    const sorted = [...tensors].sort((a, b) => a - b);
    return this.#give(sorted, label, { do: 'label', tensors: sorted, label });
  }

  /** Shows the label at once; the kernel's answer confirms it or takes it back. */
  async #give(
    tensors: readonly number[],
    label: 'FO' | 'ZO',
    command: Parameters<Desk['attempt']>[0],
  ): Promise<void> {
    if (!this.#desk.live() || tensors.length === 0) return;
    const ticket = this.#hoped.ask(tensors, label === 'FO' ? 'F' : 'Z');
    this.#draw();
    const answer = await this.#desk.attempt(command);
    this.#hoped.settle(ticket, answer !== undefined, this.#desk.state().labels);
    this.#draw();
  }

  #describe(index: number | null): void {
    this.#described = index;
    const state = this.#desk.state();
    const tensor = index === null ? undefined : state.tensors[index];
    const cell = index === null ? undefined : this.#layout.cells[index];
    if (index === null || !tensor || !cell) return this.#tip.hide();
    this.#tip.show(tensor.name, tipLines(state, index, this.#hoped), cell, this.#layout.width);
  }
}
