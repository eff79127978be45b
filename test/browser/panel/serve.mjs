// A page for the panel without Jupyter: served locally, with a model and a session that are made up.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildPanel } from '../../../scripts/build-panel.mjs';
import { root } from '../../../scripts/lib/parts.mjs';

/** As JupyterLab sets them. */
const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>panel</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/panel.css">
<style>
  body { margin: 0; padding: 16px; background: var(--jp-layout-color0, #fff); font: 13px/1.3 sans-serif; }
  body[data-jp-theme-light='true'] { --jp-layout-color0: #fff; --jp-layout-color1: #fff; }
  body[data-jp-theme-light='false'] { --jp-layout-color0: #111; --jp-layout-color1: #212121; color: #fff; }
  body[data-jp-theme-light] { --jp-ui-font-family: system-ui, -apple-system, 'Segoe UI', helvetica, arial, sans-serif; }
  .place + .place { margin-top: 24px; }
</style></head>
<body data-jp-theme-light="true"><div id="places"></div>
<script type="module" src="/page.mjs"></script>
</body></html>`;

export async function servePanel() {
  await buildPanel();
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/browser/panel/page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'warning',
  });
  const file = (path) => readFileSync(join(root, path));
  const contents = {
    '/': ['text/html', () => PAGE],
    '/page.mjs': ['text/javascript', () => outputFiles[0].contents],
    '/panel.mjs': ['text/javascript', () => file('dist/panel.mjs')],
    '/panel.css': ['text/css', () => file('dist/panel.css')],
    '/plotly.min.js': [
      'text/javascript',
      () => file('jupyter/labextensions/hi-zfo-plotly/static/plotly.min.js'),
    ],
  };
  const server = createServer((request, response) => {
    const [type, read] = contents[request.url.split('?')[0]] ?? [];
    if (!read) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type }).end(read());
  });
  await new Promise((done) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', done));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { address } = await servePanel();
  console.log(`${address}  then in the console: lab.open({ model: 'tiny', rows: 100 })`);
}
