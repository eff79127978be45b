import { describe, expect, it } from 'vitest';
import { ExecutionQueue } from '../../src/kernel/queue.ts';

const failed = (value: string) => value === 'failed';
const task = (value: string) => () => Promise.resolve(value);

describe('the queue of cells', () => {
  it('runs one after another', async () => {
    const queue = new ExecutionQueue();
    const order: number[] = [];
    const wait = (n: number, ms: number) => async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      order.push(n);
      return 'ok';
    };
    await Promise.all([queue.add(wait(1, 30), failed), queue.add(wait(2, 0), failed)]);
    expect(order).toEqual([1, 2]);
  });

  it('aborts what was sent before the failure was known, also while it waits for more', async () => {
    const queue = new ExecutionQueue();
    const first = queue.add(task('failed'), failed);
    const second = queue.add(task('ok'), failed);
    await Promise.resolve();
    const third = queue.add(task('ok'), failed);
    expect(await Promise.all([first, second, third])).toEqual(['failed', 'aborted', 'aborted']);
    expect(await queue.add(task('ok'), failed)).toBe('ok');
  });

  it('goes on when a task itself breaks', async () => {
    const queue = new ExecutionQueue();
    await expect(queue.add(() => Promise.reject(new Error('broken')), failed)).rejects.toThrow('broken');
    expect(await queue.add(task('ok'), failed)).toBe('ok');
  });
});
