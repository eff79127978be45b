import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionInfo } from './message.ts';

/** A connection file that a kernel can be started with. */
export interface Connection {
  info: ConnectionInfo;
  file: string;
  /** Removes the file. */
  remove(): void;
}

type Ports = [number, number, number, number, number];

function listen(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** Five different free ports: all are held until the last is found. */
async function freePorts(): Promise<Ports> {
  const servers = await Promise.all([listen(), listen(), listen(), listen(), listen()]);
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as Ports;
}

/** Writes a connection file that only this user can read, with a fresh key. */
export async function createConnection(): Promise<Connection> {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts();
  const folder = mkdtempSync(join(tmpdir(), 'hi-zfo-'));
  const file = join(folder, 'connection.json');
  const info: ConnectionInfo = {
    transport: 'tcp',
    ip: '127.0.0.1',
    signature_scheme: 'hmac-sha256',
    key: randomBytes(16).toString('hex'),
    kernel_name: 'hi-zfo',
    shell_port,
    iopub_port,
    stdin_port,
    control_port,
    hb_port,
  };
  writeFileSync(file, JSON.stringify(info), { mode: 0o600 });
  return { info, file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
