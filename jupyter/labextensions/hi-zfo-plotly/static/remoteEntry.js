// A JupyterLab mime extension for application/vnd.plotly.v1+json, written as the container that webpack's module
// federation would emit: Lab loads this file, calls init(shared scope), then get('./mimeExtension').
(() => {
  const NAME = 'hi-zfo-plotly';
  const MIME = 'application/vnd.plotly.v1+json';
  const folder = document.currentScript.src.replace(/[^/]*$/, '');
  // The version in the query of this file's address, if any: a new build is not hidden by the browser's cache.
  const query = document.currentScript.src.replace(/^[^?]*/, '');

  let shared;
  let loading;

  /** plotly.js, fetched when the first figure is drawn and only once a page. */
  function loadPlotly() {
    loading ??= fetch(folder + 'plotly.min.js' + query).then(async (response) => {
      if (!response.ok) throw new Error(`plotly.min.js: ${response.status}. Run: npm run build`);
      // Lab's page has an AMD loader; hidden from plotly, it leaves itself on window.
      new Function('define', 'module', 'exports', 'require', await response.text()).call(window);
      return window.Plotly;
    });
    return loading;
  }
  // For widgets on the same page, which need not load it again.
  window.hiZfoLoadPlotly = loadPlotly;

  const isDark = () => document.body.dataset.jpThemeLight === 'false';

  /** Figures are laid out for this width and more. */
  const WIDE = 720;

  /** Follows Lab's theme where the figure says nothing; its own settings win. */
  function themed(layout) {
    const modebar = { bgcolor: 'rgba(0,0,0,0)', color: '#8a8a8a', activecolor: '#4a90d9' };
    const axis = { gridcolor: '#3c3c3c', zerolinecolor: '#5a5a5a', linecolor: '#5a5a5a' };
    const space = { ...axis, backgroundcolor: '#111' };
    const night = {
      paper_bgcolor: '#111',
      plot_bgcolor: '#111',
      font: { color: '#e0e0e0' },
      xaxis: axis,
      yaxis: axis,
      scene: { xaxis: space, yaxis: space, zaxis: space },
    };
    return { template: { layout: isDark() ? { modebar, ...night } : { modebar } }, ...layout };
  }

  /** Widths in pixels: of a letter of the title and of the lines under it, of a legend's entry beside its letters. */
  const [LARGE, SMALL, ENTRY] = [10, 7.4, 46];
  const [LINE, ROW] = [24, 21];

  /** A line of a title in as many lines as a width needs; its tags stand around each. */
  function wrapped(line, width) {
    const [, open, text, close] = /^((?:<[^>]+>)*)([^]*?)((?:<\/[^>]+>)*)$/.exec(line);
    const most = Math.max(
      12,
      Math.floor(width / (open.includes('font-size') || open === '' ? SMALL : LARGE)),
    );
    const lines = [''];
    for (const word of text.split(' ')) {
      const longer = lines.at(-1) === '' ? word : `${lines.at(-1)} ${word}`;
      if (longer.length <= most) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines.filter((one) => one !== '').map((one) => open + one + close);
  }

  /** Rows of a horizontal legend: plotly gives all entries the width of the longest once they need a second row. */
  function legendRows(data, width) {
    const names = data.filter(({ name, showlegend }) => name && showlegend !== false).map(({ name }) => name);
    const widths = names.map((name) => ENTRY + 8 * name.length);
    if (widths.reduce((sum, w) => sum + w, 0) <= width) return Math.min(1, names.length);
    return Math.ceil(names.length / Math.max(1, Math.floor(width / Math.max(...widths))));
  }

  /** In a narrow notebook hi-zfo's titles get more lines and legends more rows, and the figure that much more height. */
  function fitted(data, layout, width) {
    const { title, margin, legend, xaxis } = layout;
    if (!(width > 0 && width < WIDE) || title?.yref !== 'container' || !margin || !layout.height)
      return layout;
    const inner = width - margin.l - margin.r;
    const lines = title.text.split('<br>');
    const more = lines.flatMap((line) => wrapped(line, width - 24));
    const rows =
      layout.showlegend && legend?.orientation === 'h'
        ? legendRows(data, inner) - legendRows(data, WIDE - 100)
        : 0;
    const extra = (more.length - lines.length) * LINE + Math.max(0, rows) * ROW;
    const name = xaxis?.title?.text;
    const foot = name ? wrapped(name, inner) : [];
    const below = Math.max(0, foot.length - 1) * ROW;
    return {
      ...layout,
      height: layout.height + extra + below,
      title: { ...title, text: more.join('<br>') },
      margin: { ...margin, t: margin.t + extra, b: margin.b + below },
      ...(name && { xaxis: { ...xaxis, title: { ...xaxis.title, text: foot.join('<br>') } } }),
    };
  }

  async function mimeExtension() {
    const versions = shared['@lumino/widgets'];
    const { Widget } = (await versions[Object.keys(versions)[0]].get())();

    class Figure extends Widget {
      constructor() {
        super();
        this.addClass('hi-zfo-figure');
        this.node.style.width = '100%';
        this.div = this.node.appendChild(document.createElement('div'));
        this.observer = new MutationObserver(() => void this.draw());
        this.observer.observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-light'] });
      }

      async renderModel(model) {
        this.figure = model.data[MIME];
        const { layout = {} } = this.figure;
        // Room from the start, so that the notebook does not jump when the plot comes.
        this.div.style.minHeight = `${layout.height ?? 450}px`;
        await this.draw();
      }

      async draw() {
        if (!this.figure) return;
        const plotly = await loadPlotly();
        if (this.isDisposed) return;
        const { data, layout = {}, config } = this.figure;
        this.width = this.narrowness();
        const fits = fitted(data, layout, this.width);
        if (fits.height) this.div.style.minHeight = `${fits.height}px`;
        await plotly.react(this.div, data, themed(fits), {
          responsive: true,
          displaylogo: false,
          ...config,
        });
      }

      onAfterShow() {
        this.resize();
      }

      onResize() {
        this.resize();
      }

      resize() {
        if (!this.div._fullLayout || !this.isVisible) return;
        if (this.narrowness() !== this.width) void this.draw();
        else void window.Plotly.Plots.resize(this.div);
      }

      /** The width where it matters to titles and legends, in steps; WIDE for all that is wider. */
      narrowness() {
        const { clientWidth } = this.node;
        return clientWidth < WIDE ? Math.floor(clientWidth / 20) * 20 : WIDE;
      }

      dispose() {
        this.observer.disconnect();
        if (this.div._fullLayout) window.Plotly.purge(this.div);
        super.dispose();
      }
    }

    const rendererFactory = { safe: true, mimeTypes: [MIME], createRenderer: () => new Figure() };
    return {
      __esModule: true,
      default: { id: `${NAME}:factory`, rendererFactory, rank: 0, dataType: 'json' },
    };
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[NAME] = {
    init(scope) {
      shared = scope;
    },
    async get() {
      const extension = await mimeExtension();
      return () => extension;
    },
  };
})();
