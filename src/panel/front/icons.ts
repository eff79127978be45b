import { s } from './dom.ts';

/* Paths in a box of 16 by 16, filled with the colour of the text. */
const paths = {
  run: 'M4 2.5v11l9.5-5.5z',
  pause: 'M3.5 2.5h3.2v11H3.5zM9.3 2.5h3.2v11H9.3z',
  step: 'M3 2.5v11l7-5.5zM11 2.5h2.5v11H11z',
  stop: 'M3 3h10v10H3z',
  rewind: 'M8 2.5v11L1.5 8zM14.5 2.5v11L8 8z',
  edit: 'M11.5 1.5l3 3-8.5 8.5-4 1 1-4zM10 3l3 3',
  skip: 'M3.4 2L8 6.6 12.6 2 14 3.4 9.4 8 14 12.6 12.6 14 8 9.4 3.4 14 2 12.6 6.6 8 2 3.4z',
  warning: 'M8 1.5L15.5 14.5H.5zM7.2 6v4.5h1.6V6zM7.2 11.6v1.6h1.6v-1.6z',
  partition: 'M1.5 2h5.8v5.8H1.5zM8.7 2h5.8v5.8H8.7zM1.5 9h5.8v5H1.5zM8.7 9h5.8v5H8.7z',
  profile: 'M2 9h2.8v5H2zM6.6 5h2.8v9H6.6zM11.2 2H14v12h-2.8z',
  save: 'M2 2h9.5L14 4.5V14H2zM5 3v3.5h5V3zM4.5 9v4h7V9z',
  evaluate: 'M6.2 10.4L3.2 7.4 1.8 8.8l4.4 4.4 8-8-1.4-1.4z',
  settings: 'M2 3.5h6V2h2v1.5h4v2h-4V7H8V5.5H2zM2 10.5h2V9h2v1.5h8v2H6V14H4v-1.5H2z',
  probe:
    'M7 1.5a5.5 5.5 0 0 1 4.4 8.8l3.3 3.3-1.4 1.4-3.3-3.3A5.5 5.5 0 1 1 7 1.5zM7 3.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  open: 'M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11z',
  close: 'M4 2.6L8 6.6l4-4L13.4 4l-4 4 4 4-1.4 1.4-4-4-4 4L2.6 12l4-4-4-4z',
} as const;

export type IconName = keyof typeof paths;

/** A small picture beside a word; the word says it all, so readers of the screen pass over it. */
export function icon(name: IconName): SVGSVGElement {
  return s(
    'svg',
    {
      class: 'hz-icon',
      viewBox: '0 0 16 16',
      width: 16,
      height: 16,
      'aria-hidden': 'true',
      'data-icon': name,
    },
    s('path', { d: paths[name], 'fill-rule': 'evenodd' }),
  );
}
