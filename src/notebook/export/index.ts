export { countFigures, exportHtml, type ExportOptions } from './html.ts';
