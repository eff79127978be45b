import { h, setAttributes, setText } from './dom.ts';
import { icon } from './icons.ts';

/** One quiet line for what went wrong; it keeps its room, so that nothing jumps. */
export function statusLine() {
  const text = h('span', {});
  const element = h('p', { class: 'hz-status', role: 'status', 'data-empty': true }, icon('warning'), text);
  const show = (message: string) => {
    setText(text, message);
    setAttributes(element, { 'data-empty': message === '', title: message });
  };
  return { element, complain: show, clear: () => show('') };
}
