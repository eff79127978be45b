import { lineMetrics, textWidth, type Face } from './fonts.ts';

/** What plotly asks of a box; jsdom lays nothing out and would answer zeros. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const EMPTY: Box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };

function union(a: Box, b: Box): Box {
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** a b c d e f of an SVG matrix. */
type Matrix = [number, number, number, number, number, number];

function multiply(m: Matrix, n: Matrix): Matrix {
  const [a, b, c, d, e, f] = m;
  const [g, h, i, j, k, l] = n;
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

function matrixOf(transform: string | null): Matrix {
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  for (const [, name, list] of (transform ?? '').matchAll(/(\w+)\(([^)]*)\)/g)) {
    const n = (list ?? '').split(/[\s,]+/).map(Number);
    const [p = 0, q = 0, r = 0] = n;
    if (name === 'translate') matrix = multiply(matrix, [1, 0, 0, 1, p, q]);
    else if (name === 'scale') matrix = multiply(matrix, [p, 0, 0, n.length > 1 ? q : p, 0, 0]);
    else if (name === 'matrix' && n.length === 6) matrix = multiply(matrix, n as Matrix);
    else if (name === 'rotate') {
      const [sin, cos] = [Math.sin((p * Math.PI) / 180), Math.cos((p * Math.PI) / 180)];
      const turn: Matrix = [cos, sin, -sin, cos, 0, 0];
      matrix = multiply(multiply(multiply(matrix, [1, 0, 0, 1, q, r]), turn), [1, 0, 0, 1, -q, -r]);
    }
  }
  return matrix;
}

function transformed(box: Box, [a, b, c, d, e, f]: Matrix): Box {
  if (box.left > box.right) return box;
  let out = EMPTY;
  for (const x of [box.left, box.right])
    for (const y of [box.top, box.bottom]) {
      const [u, v] = [a * x + c * y + e, b * x + d * y + f];
      out = union(out, { left: u, right: u, top: v, bottom: v });
    }
  return out;
}

/** An inherited property, from style or attribute. */
function inherited(element: Element, property: string): string | null {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const value = (at as SVGElement).style?.getPropertyValue(property) || at.getAttribute(property);
    if (value) return value;
  }
  return null;
}

function fontSize(element: Element): number {
  const value = inherited(element, 'font-size') ?? '12px';
  const number = Number.parseFloat(value);
  if (!value.endsWith('%') && !value.endsWith('em')) return number;
  const outer = element.parentElement ? fontSize(element.parentElement) : 12;
  return outer * (value.endsWith('%') ? number / 100 : number);
}

function face(element: Element): Face {
  const weight = inherited(element, 'font-weight') ?? '400';
  if (weight === 'bold' || Number(weight) >= 600) return 'bold';
  return inherited(element, 'font-style') === 'italic' ? 'oblique' : 'regular';
}

/** Width of an element's text on one line. */
export function runWidth(element: Element): number {
  let width = 0;
  for (const child of element.childNodes) {
    if (child.nodeType === child.TEXT_NODE)
      width += textWidth(child.textContent ?? '', fontSize(element), face(element));
    else if (child.nodeType === child.ELEMENT_NODE) width += runWidth(child as Element);
  }
  return width;
}

/** A length in pixels or em. */
function length(element: Element, name: string): number {
  const value = element.getAttribute(name) ?? '0';
  const number = Number.parseFloat(value) || 0;
  return value.endsWith('em') ? number * fontSize(element) : number;
}

function lineBox(line: Element, x: number, y: number): Box {
  const width = runWidth(line);
  if (width === 0) return EMPTY;
  const size = fontSize(line);
  const { ascent, descent } = lineMetrics();
  const anchor = inherited(line, 'text-anchor');
  const left = x - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0);
  return { left, right: left + width, top: y - ascent * size, bottom: y + descent * size };
}

function textBox(text: Element): Box {
  const [x, y] = [length(text, 'x'), length(text, 'y')];
  const lines = [...text.children].filter((child) => child.classList.contains('line'));
  if (lines.length === 0) return lineBox(text, x, y + length(text, 'dy'));
  let box = EMPTY;
  for (const line of lines) {
    const at = (name: string, otherwise: number) =>
      line.hasAttribute(name) ? length(line, name) : otherwise;
    box = union(box, lineBox(line, at('x', x), at('y', y) + length(line, 'dy')));
  }
  return box;
}

/** Box around the points that a path names; curves stay within their control points. */
function pathBox(path: Element): Box {
  let box = EMPTY;
  let [x, y] = [0, 0];
  for (const [, command = '', list] of (path.getAttribute('d') ?? '').matchAll(/([a-z])([^a-z]*)/gi)) {
    const n = (list?.match(/-?(?:\d*\.)?\d+(?:e[-+]?\d+)?/gi) ?? []).map(Number);
    const relative = command === command.toLowerCase();
    const kind = command.toUpperCase();
    const stride = { H: 1, V: 1, A: 7 }[kind] ?? 2;
    for (let i = 0; i + stride <= n.length; i += stride) {
      const [p = 0, q = 0] = n.slice(i + stride - Math.min(stride, 2), i + stride);
      if (kind === 'H') x = relative ? x + p : p;
      else if (kind === 'V') y = relative ? y + p : p;
      else [x, y] = relative ? [x + p, y + q] : [p, q];
      box = union(box, { left: x, right: x, top: y, bottom: y });
    }
  }
  return box;
}

function shapeBox(element: Element): Box {
  const n = (name: string) => Number.parseFloat(element.getAttribute(name) ?? '0') || 0;
  switch (element.tagName) {
    case 'text':
      return textBox(element);
    case 'path':
      return pathBox(element);
    case 'rect':
    case 'image':
      return { left: n('x'), top: n('y'), right: n('x') + n('width'), bottom: n('y') + n('height') };
    case 'circle':
      return {
        left: n('cx') - n('r'),
        top: n('cy') - n('r'),
        right: n('cx') + n('r'),
        bottom: n('cy') + n('r'),
      };
    case 'line':
      return {
        left: Math.min(n('x1'), n('x2')),
        right: Math.max(n('x1'), n('x2')),
        top: Math.min(n('y1'), n('y2')),
        bottom: Math.max(n('y1'), n('y2')),
      };
    default:
      return EMPTY;
  }
}

function treeBox(element: Element): Box {
  if (/^(defs|clipPath|style|title)$/.test(element.tagName)) return EMPTY;
  if (element.tagName !== 'g' && element.tagName !== 'svg') return shapeBox(element);
  let box = EMPTY;
  for (const child of element.children)
    box = union(box, transformed(treeBox(child), matrixOf(child.getAttribute('transform'))));
  return box;
}

const orZero = (box: Box): Box => (box.left > box.right ? { left: 0, top: 0, right: 0, bottom: 0 } : box);

/** Box of an SVG element in its own coordinates (getBBox). */
export function ownBox(element: Element): Box {
  return orZero(treeBox(element));
}

/** Box of an SVG element on the page (getBoundingClientRect). */
export function pageBox(element: Element): Box {
  let box = ownBox(element);
  for (let at: Element | null = element; at && at.tagName !== 'svg'; at = at.parentElement)
    box = transformed(box, matrixOf(at.getAttribute('transform')));
  return box;
}
