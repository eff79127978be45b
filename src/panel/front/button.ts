import { h } from './dom.ts';
import { icon, type IconName } from './icons.ts';

/** A button with a picture and a word. */
export function button(name: string, picture: IconName | null, pressed: () => void): HTMLButtonElement {
  const element = h(
    'button',
    { type: 'button', class: 'hz-button' },
    picture && icon(picture),
    h('span', {}, name),
  );
  element.addEventListener('click', pressed);
  return element;
}
