export { closeRenderer, renderPng, type FigureSpec, type StillSize } from './render.ts';
