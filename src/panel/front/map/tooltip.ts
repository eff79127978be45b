import { h, setText } from '../dom.ts';

/** The box beside the tensor that is looked at. Lines are text, never markup. */
export function tooltip(id: string) {
  const name = h('strong', {});
  const rows = h('div', { class: 'hz-tip-rows' });
  const element = h('div', { class: 'hz-tip', role: 'tooltip', id, hidden: true }, name, rows);
  return {
    element,
    /** Beside a rectangle, both in pixels of the element's parent, `width` wide. */
    show(
      title: string,
      lines: readonly string[],
      box: { x: number; y: number; width: number; height: number },
      width: number,
    ) {
      setText(name, title);
      while (rows.childElementCount > lines.length) rows.lastElementChild!.remove();
      lines.forEach((line, i) => setText(rows.children[i] ?? rows.appendChild(h('div', {})), line));
      element.hidden = false;
      const own = element.getBoundingClientRect();
      const left = Math.max(0, Math.min(width - own.width, box.x + box.width / 2 - own.width / 2));
      // Above, so that the cells below stay in sight; under the cell where there is no room in the window.
      const frame = element.parentElement!.getBoundingClientRect();
      const above = frame.top + box.y - own.height - 8 > 0;
      element.style.left = `${left}px`;
      element.style.top = `${above ? box.y - own.height - 8 : box.y + box.height + 8}px`;
    },
    hide() {
      element.hidden = true;
    },
  };
}
