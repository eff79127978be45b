import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const packages = createRequire(import.meta.url);
const theme = (name: string) => readFileSync(packages.resolve(`highlight.js/styles/${name}.min.css`), 'utf8');

const PAGE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5d646c; --paper: #fff; --code: #f5f6f8; --rule: #dde1e6; --accent: #1f5fae; --bad: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6ea; --soft: #9aa2ab; --paper: #111; --code: #1c1f23; --rule: #33383e; --accent: #7fb2f0; --bad: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 18px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 2.2rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.6rem; margin: 2.6rem 0 .6rem; }
h3 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
a { color: var(--accent); }
.text { max-width: 46rem; }
.cell { margin: 1.2rem 0; }
pre, code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { font-size: .92rem; line-height: 1.5; margin: 0; overflow-x: auto; }
:not(pre) > code { background: var(--code); border-radius: 4px; padding: .1em .3em; font-size: .9em; }
.source, .text pre { background: var(--code); border-radius: 6px; padding: .8rem 1rem; border-left: 3px solid var(--accent); }
.output { padding: .6rem 0 0 1rem; }
.output > * + * { margin-top: .6rem; }
.output pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.stderr { color: var(--soft); }
.error { color: var(--bad); border-left: 3px solid var(--bad); padding-left: 1rem; white-space: pre-wrap; }
figure { margin: 0; }
img { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .95rem; display: block; overflow-x: auto; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid var(--rule); text-align: right; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child, .text th, .text td { text-align: left; }
footer { margin-top: 4rem; color: var(--soft); font-size: .85rem; }
@media print { .source { break-inside: avoid; } figure { break-inside: avoid; } }
`;

/** The page's style sheet, with code colours for light and dark. */
export function styleSheet(): string {
  return `${theme('github')}
@media (prefers-color-scheme: dark) { ${theme('github-dark')} }
pre code.hljs { background: none; padding: 0; }
${PAGE}`;
}
