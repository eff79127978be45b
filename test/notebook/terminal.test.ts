import { describe, expect, it } from 'vitest';
import { Terminal } from '../../src/notebook/terminal.ts';
import { handClock } from './recorder.ts';

function terminal(isTTY: boolean): { out: () => string; screen: Terminal; move: (ms: number) => void } {
  let text = '';
  const clock = handClock();
  const stream = { isTTY, write: (piece: string) => (text += piece) };
  return { out: () => text, screen: new Terminal(stream, clock.now), move: clock.move };
}

const plain = (text: string) => ({ 'text/plain': text, 'text/html': 'never' });

describe('a terminal', () => {
  it('prints plain text and nothing else', () => {
    const { out, screen } = terminal(true);
    screen.display(plain('a table\nof lines'), '1', {});
    screen.display({ 'text/html': 'x' }, '2', {});
    expect(out()).toBe('a table\nof lines\n');
  });

  it('rewrites an entry of one line in place until its last state', () => {
    const { out, screen } = terminal(true);
    screen.display(plain('1/2'), 'bar', { final: false });
    screen.display(plain('2/2'), 'bar', { update: true, final: false });
    screen.display(plain('2/2 done'), 'bar', { update: true, final: true });
    screen.display(plain('next'), 'other', {});
    expect(out()).toBe('1/2\r\x1b[2K2/2\r\x1b[2K2/2 done\nnext\n');
  });

  it('does not break into an open line', () => {
    const { out, screen } = terminal(true);
    screen.display(plain('1/2'), 'bar', { final: false });
    screen.display(plain('note'), 'other', {});
    expect(out()).toBe('1/2\nnote\n');
  });

  it('prints few lines into a file, and the last state for sure', () => {
    const { out, screen, move } = terminal(false);
    for (let i = 0; i < 12; i++, move(1000))
      screen.display(plain(`${i}`), 'bar', { update: i > 0, final: false });
    screen.display(plain('end'), 'bar', { update: true, final: true });
    expect(out()).toBe('0\n5\n10\nend\n');
  });
});
