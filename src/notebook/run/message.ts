import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/** Header of a Jupyter message (messaging protocol 5.3). */
export interface MessageHeader {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

/** A Jupyter message as it stands on a socket, with the routing identities and binary buffers beside it. */
export interface Message {
  identities: Buffer[];
  header: MessageHeader;
  /** Header of the message that caused this one; empty where there is none. */
  parent: Partial<MessageHeader>;
  metadata: Record<string, unknown>;
  content: Record<string, unknown>;
  buffers: Buffer[];
}

/** The file that tells both ends where the sockets are and which key signs the messages. */
export interface ConnectionInfo {
  transport: string;
  ip: string;
  key: string;
  signature_scheme: string;
  kernel_name?: string;
  shell_port: number;
  iopub_port: number;
  stdin_port: number;
  control_port: number;
  hb_port: number;
}

const DELIMITER = Buffer.from('<IDS|MSG>');

function sign(key: string, parts: readonly (string | Buffer)[]): string {
  if (key === '') return '';
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
}

function record(frame: Buffer, name: string): Record<string, unknown> {
  const value: unknown = JSON.parse(frame.toString());
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`the message's ${name} is not an object`);
  return value as Record<string, unknown>;
}

/**
 * Reads one message from the frames of a socket.
 *
 * @throws Error when a frame is missing, is not JSON, or the signature does not fit the key.
 */
export function decode(key: string, frames: readonly Buffer[]): Message {
  const start = frames.findIndex((frame) => frame.equals(DELIMITER));
  if (start < 0) throw new Error('the message has no delimiter');
  const [signature, header, parent, metadata, content, ...buffers] = frames.slice(start + 1);
  if (!signature || !header || !parent || !metadata || !content) throw new Error('the message is cut short');
  const expected = Buffer.from(sign(key, [header, parent, metadata, content]));
  if (expected.length !== signature.length || !timingSafeEqual(expected, signature))
    throw new Error('the signature of the message is wrong');
  const head = record(header, 'header');
  if (typeof head.msg_type !== 'string' || typeof head.msg_id !== 'string')
    throw new Error('the message header has no msg_type or msg_id');
  return {
    identities: frames.slice(0, start),
    header: head as unknown as MessageHeader,
    parent: record(parent, 'parent header'),
    metadata: record(metadata, 'metadata'),
    content: record(content, 'content'),
    buffers,
  };
}

/** What a sender says; `encode` adds id, date and signature. */
export interface Draft {
  type: string;
  content: object;
  session: string;
  username?: string;
  identities?: readonly (string | Buffer)[];
  parent?: Partial<MessageHeader>;
  metadata?: object;
  buffers?: readonly Uint8Array[];
  id?: string;
}

/** The frames of a signed message, ready for a socket. */
export function encode(key: string, draft: Draft): (string | Buffer)[] {
  const header: MessageHeader = {
    msg_id: draft.id ?? randomUUID(),
    msg_type: draft.type,
    session: draft.session,
    username: draft.username ?? 'kernel',
    date: new Date().toISOString(),
    version: '5.3',
  };
  const parts = [header, draft.parent ?? {}, draft.metadata ?? {}, draft.content].map((part) =>
    JSON.stringify(part),
  );
  // The sender keeps its own buffers: zeromq sends without copying, and the caller may write to them afterwards.
  const buffers = (draft.buffers ?? []).map((view) => Buffer.from(view));
  return [...(draft.identities ?? []), DELIMITER, sign(key, parts), ...parts, ...buffers];
}

/** Address of one socket; the ipc transport joins with a dash as jupyter_client does. */
export function address(connection: ConnectionInfo, port: number): string {
  const joint = connection.transport === 'ipc' ? '-' : ':';
  return `${connection.transport}://${connection.ip}${joint}${port}`;
}
