import type { HandlerBase } from './tslab.ts';

interface At {
  code: string;
  /** In UTF-16 units, as the compiler counts; the protocol counts in code points. */
  cursor_pos: number;
}

function at(content: Record<string, unknown>): At {
  const code = typeof content.code === 'string' ? content.code : '';
  const position = typeof content.cursor_pos === 'number' ? content.cursor_pos : code.length;
  return { code, cursor_pos: Array.from(code).slice(0, position).join('').length };
}

const codePoints = (code: string, units: number): number => Array.from(code.slice(0, units)).length;

/** Content of a complete_reply. */
export function completion(handler: HandlerBase, content: Record<string, unknown>): object {
  const request = at(content);
  const found = handler.handleComplete(request);
  const [start, end] = [found.cursor_start, found.cursor_end].map((units) => codePoints(request.code, units));
  return { ...found, cursor_start: start, cursor_end: end };
}

/** Content of an inspect_reply. */
export function inspection(handler: HandlerBase, content: Record<string, unknown>): object {
  return handler.handleInspect(at(content));
}
