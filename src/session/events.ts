import type { PanelHostEvents } from '../panel/host.ts';

/** What a session tells its listeners. */
export type SessionEvents = PanelHostEvents;
