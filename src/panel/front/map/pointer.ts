import type { Cell } from './layout.ts';
import { inside } from './choose.ts';

/** Pixels that a hand may tremble in a click. */
const STILL = 4;

/** What the pointer means on the map. */
export interface Gestures {
  cells: () => readonly Cell[];
  click: (index: number | null, event: PointerEvent) => void;
  /** The rectangle under the hand and the cells in it. */
  band: (box: { x: number; y: number; width: number; height: number }, touched: number[]) => void;
  /** The hand has let go, or has thought better of it. */
  bandEnd: (kept: boolean, event: PointerEvent) => void;
  hover: (index: number | null) => void;
}

/** Tells clicks from rectangles. */
export function pointerOn(svg: SVGSVGElement, gestures: Gestures): void {
  let start: { x: number; y: number; index: number | null } | undefined;
  let moved = false;
  const place = (event: PointerEvent) => {
    const box = svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const at = (x: number, y: number): number | null => {
    const i = gestures
      .cells()
      .findIndex((c) => x >= c.x && x <= c.x + c.width + 1 && y >= c.y && y <= c.y + c.height + 1);
    return i < 0 ? null : i;
  };
  svg.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    const { x, y } = place(event);
    start = { x, y, index: at(x, y) };
    moved = false;
    svg.setPointerCapture(event.pointerId);
    event.preventDefault(); // no selection of text, no drag of the cell of the notebook
  });
  svg.addEventListener('pointermove', (event) => {
    const { x, y } = place(event);
    if (!start) return gestures.hover(at(x, y));
    moved ||= Math.hypot(x - start.x, y - start.y) > STILL;
    if (!moved) return;
    gestures.hover(null);
    const box = {
      x: Math.min(x, start.x),
      y: Math.min(y, start.y),
      width: Math.abs(x - start.x),
      height: Math.abs(y - start.y),
    };
    gestures.band(box, inside(gestures.cells(), start.x, start.y, x, y));
  });
  const end = (kept: boolean) => (event: PointerEvent) => {
    if (!start) return;
    const { index } = start;
    start = undefined;
    if (moved) gestures.bandEnd(kept, event);
    else if (kept) gestures.click(index, event);
  };
  svg.addEventListener('pointerup', end(true));
  svg.addEventListener('pointercancel', end(false));
  svg.addEventListener('pointerleave', () => {
    if (!start) gestures.hover(null);
  });
}
