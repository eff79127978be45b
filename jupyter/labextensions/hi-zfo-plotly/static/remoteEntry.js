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
        await plotly.react(this.div, data, themed(layout), {
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
        if (this.div._fullLayout && this.isVisible) void window.Plotly.Plots.resize(this.div);
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
