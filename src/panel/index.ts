export type { PanelHost, PanelHostEvents, ProbeRow, ProbeSettings } from './host.ts';
export { Panel, panelOf } from './panel.ts';
export type { RunState } from './protocol.ts';
