import { h, setAttributes, setDisabled, setText } from '../dom.ts';
import { button } from '../button.ts';

/** Search, what is meant, and the two labels to give it. */
export function mapTools(actions: {
  search: (glob: string) => void;
  label: (label: 'FO' | 'ZO') => void;
  clear: () => void;
}) {
  const search = h('input', {
    type: 'search',
    class: 'hz-field hz-search',
    spellcheck: 'false',
    autocomplete: 'off',
    'aria-label': 'Search tensors by name or glob',
  });
  search.addEventListener('input', () => actions.search(search.value.trim()));
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && search.value !== '') {
      search.value = '';
      actions.search('');
    }
  });
  const meant = h('span', { class: 'hz-meant hz-soft', 'aria-live': 'polite' });
  const give = (label: 'FO' | 'ZO') => {
    const chip = button(`Make ${label}`, null, () => actions.label(label));
    chip.classList.add('hz-chip');
    chip.prepend(h('span', { class: 'hz-swatch', 'data-label': label[0] }));
    return chip;
  };
  const [fo, zo] = [give('FO'), give('ZO')];
  const clear = button('', 'close', () => {
    search.value = '';
    actions.clear();
  });
  clear.classList.add('hz-quiet');
  clear.title = 'Select nothing';
  clear.setAttribute('aria-label', clear.title);
  return {
    element: h('div', { class: 'hz-map-tools' }, search, meant, fo, zo, clear),
    /** A glob to learn the form from. */
    suggest: (glob: string) => setAttributes(search, { placeholder: glob }),
    update(words: string, any: boolean, live: boolean) {
      setText(meant, words);
      setDisabled(fo, !any || !live);
      setDisabled(zo, !any || !live);
      setDisabled(clear, !any && search.value === '');
    },
  };
}

/** What the colours and marks say. */
export function mapLegend(): HTMLElement {
  const swatch = (label: string, words: string) =>
    h('span', { class: 'hz-key' }, h('span', { class: 'hz-swatch', 'data-label': label }), words);
  return h(
    'div',
    { class: 'hz-legend hz-soft' },
    swatch('F', 'FO'),
    swatch('Z', 'ZO'),
    swatch('x', 'frozen'),
    h('span', { class: 'hz-key' }, h('span', { class: 'hz-diamond' }), 'by hand'),
    h('span', { class: 'hz-key' }, 'filled: √ importance'),
  );
}
