/*
 * Elements without a framework. Text goes in as text, never as markup: names of tensors and messages come from files.
 */

export type Child = Node | string | false | null | undefined;
export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** An HTML element; `false`, null and undefined leave an attribute or child out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  setAttributes(element, attributes);
  for (const child of children) if (child || child === '') element.append(child);
  return element;
}

/** Sets what differs, so that an update without news touches nothing. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else {
      const text = value === true ? '' : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
}

/** Sets an element's text if it differs. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Disables a control; one that has the focus keeps it, so that a keyboard user does not fall out of the panel. */
export function setDisabled(control: HTMLButtonElement | HTMLInputElement, disabled: boolean): void {
  if (control.disabled === disabled) return;
  const focused = control.getRootNode() instanceof Document && document.activeElement === control;
  control.disabled = disabled;
  if (focused && disabled) control.closest<HTMLElement>('[tabindex="-1"]')?.focus({ preventScroll: true });
}

/** A number unique among views, for ids of elements and commands; works without a secure context. */
export function uniqueId(): string {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return `hz${a!.toString(36)}${b!.toString(36)}`;
}
