/** Runs in the page, after plotly.js: draws every figure in its place, in the colours of the reader's system. */
export const DRAW_FIGURES = `(async () => {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  // A figure's own settings win; this fills in what it leaves open.
  const themed = (layout = {}) => {
    const modebar = { bgcolor: 'rgba(0,0,0,0)', color: '#8a8a8a', activecolor: '#4a90d9' };
    const axis = { gridcolor: '#3c3c3c', zerolinecolor: '#5a5a5a', linecolor: '#5a5a5a' };
    const night = { paper_bgcolor: '#111', plot_bgcolor: '#111', font: { color: '#e0e0e0' }, xaxis: axis, yaxis: axis };
    return { template: { layout: dark.matches ? { modebar, ...night } : { modebar } }, ...layout };
  };
  const figures = [...document.querySelectorAll('figure.plot')].map((figure) => ({
    figure,
    spec: JSON.parse(figure.querySelector('script').textContent),
  }));
  const draw = async ({ figure, spec }) => {
    let place = figure.querySelector('.drawn');
    if (!place) {
      place = document.createElement('div');
      place.className = 'drawn';
      figure.append(place);
    }
    const still = figure.querySelector('.still');
    if (still) still.style.display = 'none';
    try {
      await Plotly.react(place, spec.data, themed(spec.layout), { responsive: true, displaylogo: false, ...spec.config });
      still?.remove();
    } catch (error) {
      place.remove();
      if (still) still.style.display = '';
      console.error('figure not drawn', error);
    }
  };
  const drawAll = async () => {
    for (const one of figures) await draw(one);
    document.documentElement.dataset.figures = 'drawn';
  };
  dark.addEventListener('change', drawAll);
  await drawAll();
})();`;
