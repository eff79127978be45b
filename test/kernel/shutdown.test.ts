import { describe, expect, it } from 'vitest';
import { runCell, startKernel } from './kernel-under-test.ts';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

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
    expect(alive(child)).toBe(true);
    await kernel.close();
    expect(await kernel.process.exited).toBe('exit code 0');
    expect(alive(pid as number)).toBe(false);
    await expect.poll(() => alive(child), { timeout: 5000 }).toBe(false);
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
});
