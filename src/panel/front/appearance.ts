export type Appearance = 'light' | 'dark';

/** Light or dark as the front end has it: JupyterLab and Notebook, VS Code, else the system. */
export function appearanceNow(): Appearance {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === 'false' ? 'dark' : 'light';
  if (vscodeThemeKind !== undefined) {
    return /dark|high-contrast$/.test(vscodeThemeKind) ? 'dark' : 'light';
  }
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Calls back whenever the front end turns light or dark, until the signal aborts. */
export function followAppearance(changed: (appearance: Appearance) => void, signal: AbortSignal): void {
  let last = appearanceNow();
  const look = () => {
    const now = appearanceNow();
    if (now === last) return;
    last = now;
    changed(now);
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-light', 'data-vscode-theme-kind', 'class'],
  });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', look, { signal });
  signal.addEventListener('abort', () => observer.disconnect());
}
