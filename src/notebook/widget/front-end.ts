import { isRecord, isTooDeep, join } from './buffers.ts';

/** What a page says to a widget. */
export type FrontEndMessage =
  | { method: 'update'; state: Record<string, unknown> }
  | { method: 'request_state' }
  | { method: 'custom'; content: unknown }
  | { method: 'malformed'; why: string };

const malformed = (why: string): FrontEndMessage => ({ method: 'malformed', why });

/** Reads the data of a comm message. Whatever it is, this does not throw. */
export function readMessage(data: unknown, buffers: readonly Uint8Array[]): FrontEndMessage {
  if (!isRecord(data)) return malformed('its data is not an object');
  if (isTooDeep(data)) return malformed('it is nested too deep');
  switch (data.method) {
    case 'request_state':
      return { method: 'request_state' };
    case 'custom':
      return { method: 'custom', content: data.content };
    case 'update': {
      const { state } = data;
      if (!isRecord(state)) return malformed('its state is not an object');
      const wrong = join(state, data.buffer_paths, buffers);
      return wrong === undefined ? { method: 'update', state } : malformed(wrong);
    }
    default:
      return malformed('its method is unknown');
  }
}
