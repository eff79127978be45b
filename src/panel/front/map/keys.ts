import type { Cell } from './layout.ts';
import { neighbour } from './choose.ts';

/** What a key means on the map. */
export interface KeyActions {
  cells: () => readonly Cell[];
  at: () => number;
  /** Moves the focus; `extend` with Shift held. */
  move: (to: number, extend: boolean) => void;
  toggle: () => void;
  label: (label: 'FO' | 'ZO') => void;
  /** Adds the cell to what is selected, or takes it away. */
  mark: () => void;
  all: () => void;
  clear: () => void;
}

const steps: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Arrows move, Space toggles, Shift extends, F and Z label, Enter selects, Escape lets go. */
export function keysOn(svg: SVGSVGElement, keys: KeyActions): void {
  svg.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    const cells = keys.cells();
    if (step) {
      let to = keys.at();
      const far = event.ctrlKey || event.metaKey ? cells.length : 1;
      for (let i = 0; i < far; i++) to = neighbour(cells, to, ...step);
      keys.move(to, event.shiftKey);
    } else if (event.key === 'Home') keys.move(0, event.shiftKey);
    else if (event.key === 'End') keys.move(cells.length - 1, event.shiftKey);
    else if (event.key === ' ') keys.toggle();
    else if (event.key === 'Enter') keys.mark();
    else if (event.key === 'Escape') keys.clear();
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) keys.all();
    else if (/^[fz]$/i.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey)
      keys.label(event.key.toLowerCase() === 'f' ? 'FO' : 'ZO');
    else return;
    event.preventDefault();
  });
}
