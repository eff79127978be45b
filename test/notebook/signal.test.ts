import { afterEach, describe, expect, it, vi } from 'vitest';
import { KERNEL, type KernelApi } from '../../src/notebook/kernel-api.ts';
import { cellSignal, stoppable } from '../../src/notebook/signal.ts';

const place = globalThis as { [KERNEL]?: Partial<KernelApi> };
afterEach(() => {
  delete place[KERNEL];
});

describe('the stop signal', () => {
  it('is absent outside a notebook', async () => {
    expect(cellSignal()).toBeUndefined();
    expect(await stoppable((signal) => Promise.resolve(signal))).toBeUndefined();
  });

  it("is the kernel's, held while the work runs and released when it throws", async () => {
    const button = new AbortController();
    const release = vi.fn();
    place[KERNEL] = { signal: button.signal, hold: () => release };
    expect(cellSignal()).toBe(button.signal);
    const failing = stoppable((signal) => {
      expect(signal).toBe(button.signal);
      expect(release).not.toHaveBeenCalled();
      return Promise.reject(new Error('work'));
    });
    await expect(failing).rejects.toThrow('work');
    expect(release).toHaveBeenCalledTimes(1);
  });

  it.each(['button', 'outer'] as const)("joins the caller's own signal: %s", async (which) => {
    const ends = { button: new AbortController(), outer: new AbortController() };
    place[KERNEL] = { signal: ends.button.signal, hold: () => () => undefined };
    await stoppable((signal) => {
      expect(signal?.aborted).toBe(false);
      ends[which].abort();
      expect(signal?.aborted).toBe(true);
      return Promise.resolve();
    }, ends.outer.signal);
  });
});
