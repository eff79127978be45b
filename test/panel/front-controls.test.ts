import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Latest } from '../../src/panel/front/latest.ts';
import { Attendance } from '../../src/panel/front/presence.ts';
import { stepsWanted } from '../../src/panel/front/run-bar.ts';
import { countScale, logScale, settingText } from '../../src/panel/front/scale.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('asking for the latest', () => {
  function asker(answerMs: number) {
    const asked: { question: number; at: number }[] = [];
    const answered: number[] = [];
    const latest = new Latest<number, number>(
      (question) => {
        asked.push({ question, at: Date.now() });
        return new Promise((resolve) => setTimeout(() => resolve(question), answerMs));
      },
      (answer) => answered.push(answer),
      () => undefined,
    );
    return { latest, asked, answered };
  }

  it('asks at most twenty times a second and ends with the last', async () => {
    const { latest, asked, answered } = asker(1);
    for (let i = 0; i <= 100; i++) {
      latest.ask(i);
      await vi.advanceTimersByTimeAsync(10); // a second in all
    }
    await vi.advanceTimersByTimeAsync(200);
    expect(asked.length).toBeLessThanOrEqual(22);
    expect(asked.length).toBeGreaterThan(15);
    expect(answered.at(-1)).toBe(100);
    for (const [i, { at }] of asked.slice(1).entries()) expect(at - asked[i]!.at).toBeGreaterThanOrEqual(50);
  });

  it('never has two questions out', async () => {
    const { latest, asked, answered } = asker(1000);
    for (let i = 0; i < 50; i++) latest.ask(i);
    await vi.advanceTimersByTimeAsync(900);
    expect(asked.map((a) => a.question)).toEqual([0]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked.map((a) => a.question)).toEqual([0, 49]);
    expect(answered).toEqual([0, 49]);
  });

  it('drops answers after it was cancelled', async () => {
    const { latest, answered } = asker(100);
    latest.ask(1);
    latest.ask(2);
    latest.cancel();
    await vi.advanceTimersByTimeAsync(1000);
    expect(answered).toEqual([]);
    latest.ask(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(answered).toEqual([3]);
  });
});

describe('whether someone is there', () => {
  it('gives up after five seconds, later behind slow steps, and comes back at a word', async () => {
    const seen: string[] = [];
    const attendance = new Attendance((presence) => seen.push(presence));
    attendance.called(0);
    await vi.advanceTimersByTimeAsync(4900);
    expect(attendance.presence).toBe('waiting');
    await vi.advanceTimersByTimeAsync(200);
    expect(attendance.presence).toBe('away');
    attendance.heard();
    attendance.called(10);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(attendance.presence).toBe('live');
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen).toEqual(['away', 'live', 'away']);
  });
});

describe('scales of the settings', () => {
  it('go both ways within two digits', () => {
    const scale = logScale(1e-8, 0.1, { zero: true });
    for (const value of [1e-8, 2e-6, 2.5e-5, 1e-3, 0.1]) {
      expect(scale.toValue(scale.toPosition(value))).toBeCloseTo(value, 12);
    }
    expect(scale.toValue(0)).toBe(0);
    expect(scale.toPosition(0)).toBe(0);
    expect(scale.toPosition(5)).toBe(1);
    expect(scale.accepts(5)).toBe(true); // the field may say what the slider cannot
    expect(scale.accepts(-1)).toBe(false);
    expect(logScale(1e-6, 1).accepts(0)).toBe(false);
  });

  it('reach every number of queries', () => {
    const scale = countScale(64);
    for (let q = 1; q <= 64; q++) expect(scale.toValue(scale.toPosition(q))).toBe(q);
    expect(scale.accepts(1.5)).toBe(false);
    expect(scale.accepts(65)).toBe(false);
  });

  it('write numbers shortly', () => {
    expect([0, 0.1, 2e-5, 1.25e-7, 16, 0.02].map(settingText)).toEqual([
      '0',
      '0.1',
      '2e-5',
      '1.25e-7',
      '16',
      '0.02',
    ]);
  });
});

describe('number of steps', () => {
  it('is a whole number from 1, or none for no end', () => {
    expect(['', ' 12 ', '0', '1.5', 'x', '-3'].map(stepsWanted)).toEqual([
      null,
      12,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
