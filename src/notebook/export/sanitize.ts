import createDOMPurify, { type DOMPurify } from 'dompurify';
import { JSDOM } from 'jsdom';

let purifier: DOMPurify | undefined;

/** HTML without scripts, frames, handlers and anything else that acts or loads; styles and pictures stay. */
export function sanitizeHtml(html: string): string {
  purifier ??= createDOMPurify(new JSDOM('').window);
  return purifier.sanitize(html, {
    ADD_TAGS: ['style'],
    FORCE_BODY: true,
    FORBID_TAGS: ['form', 'input', 'button'],
  });
}
