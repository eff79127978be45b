import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Request } from 'zeromq';
import { isAlive } from '../../src/kernel/heartbeat.ts';
import { createConnection } from '../../src/notebook/run/connection.ts';
import { address } from '../../src/notebook/run/message.ts';
import { builtKernel, runCell, startKernel } from './kernel-under-test.ts';

describe('shutdown', () => {
  it('ends the process cleanly, whatever a cell has left running, and its children', async () => {
    const kernel = await startKernel();
    const { said } = await runCell(
      kernel,
      `import { spawn } from 'child_process'; import { Worker } from 'worker_threads';
       setInterval(() => {}, 1000); new Worker('setInterval(() => {}, 1000)', { eval: true });
       console.log(spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).pid);`,
    );
    const child = Number(said.find((message) => message.type === 'stream')?.content.text);
    const { pid } = kernel.process.child;
    expect(isAlive(child)).toBe(true);
    // The kernel by itself, before the client makes sure of it.
    await kernel.request('shutdown_request', { restart: true }, { channel: 'control' });
    expect(await kernel.process.exited).toBe('exit code 0');
    expect(isAlive(pid as number)).toBe(false);
    await expect.poll(() => isAlive(child), { timeout: 5000 }).toBe(false);
    await kernel.close();
  });

  it('answers a restart and ends', async () => {
    const kernel = await startKernel();
    const reply = await kernel.request('shutdown_request', { restart: true }, { channel: 'control' });
    expect(reply.content).toEqual({ status: 'ok', restart: true });
    expect(await kernel.process.exited).toBe('exit code 0');
    await kernel.close();
  });

  it('that a cell asks for by process.exit is no crash', async () => {
    const kernel = await startKernel();
    await expect(kernel.execute('process.exit(3)')).rejects.toThrow('exit code 3');
    await kernel.close();
  });

  it('comes with the death of whoever started the kernel', async () => {
    const connection = await createConnection();
    const argv = (await builtKernel()).map((part) => part.replace('{connection_file}', connection.file));
    const starter = `const kernel = require('child_process').spawn(process.argv[1], process.argv.slice(2),
      { stdio: 'ignore', detached: true, env: { ...process.env, JPY_PARENT_PID: String(process.pid) } });
      console.log(kernel.pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', starter, ...argv], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(text))),
    );
    expect(isAlive(pid)).toBe(true);
    const heart = new Request({ linger: 0 });
    heart.connect(address(connection.info, connection.info.hb_port));
    await heart.send('ping');
    await heart.receive();
    heart.close();
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
    connection.remove();
  });
});
