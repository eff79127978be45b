import { describe, expect, it } from 'vitest';
import { clock as minutes, progress } from '../../src/notebook/progress.ts';
import { handClock, recordDisplays } from './recorder.ts';

const shown = recordDisplays();

describe('progress', () => {
  it('shows rate, remaining time and values in one entry, at most four times a second', () => {
    const clock = handClock();
    const bar = progress({ total: 100, label: 'train', now: clock.now });
    for (let i = 1; i <= 50; i++) {
      clock.move(100);
      bar.update(i, { loss: 1 / i });
    }
    // 5 s at 10 updates a second: the first, and one every third (300 ms) after it.
    expect(shown).toHaveLength(17);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    expect(shown.at(-1)?.data['text/plain']).toBe(
      'train [██████████··········] 49/100  10.0 steps/s  ETA 0:05  loss 0.02041',
    );
    bar.done('stopped');
    expect(shown.at(-1)?.options.final).toBe(true);
    expect(shown.at(-1)?.data['text/plain']).toBe(
      'train [██████████··········] 50/100  10.0 steps/s  in 0:05  loss 0.02000  stopped',
    );
  });

  it('turns the rate round for slow units and keeps labels out of the HTML', () => {
    const clock = handClock();
    const bar = progress({ total: 4, label: '<b>', unit: 'draw', now: clock.now });
    clock.move(5000);
    bar.update(2);
    expect(shown[0]?.data['text/plain']).toContain('2/4  2.50 s/draw  ETA 0:05');
    expect(shown[0]?.data['text/html']).not.toContain('<b>');
  });

  it('writes hours', () => {
    expect([0, 59.6, 61, 3600, 36_061].map(minutes)).toEqual(['0:00', '1:00', '1:01', '1:00:00', '10:01:01']);
  });
});
