import { describe, expect, it } from 'vitest';
import { evaluationFigure, evaluationTable, evaluationText } from '../../src/plot/index.ts';
import { colours } from '../../src/plot/theme.ts';
import { evaluation } from './results.ts';
import { five, layout, traces } from './traces.ts';

describe('evaluation', () => {
  const e = evaluation();

  it('draws every score, the primary one in full colour', () => {
    const [bar] = traces(evaluationFigure(e));
    expect(bar!.y).toEqual(['rouge1', 'rouge2', 'rougeL']);
    expect(bar!.x).toEqual(Object.values(e.scores.values).map((v) => five(100 * v)));
    expect((bar!.marker!.color as string[]).indexOf(colours.clean)).toBe(2);
    expect(layout(evaluationFigure(e)).title.text).toContain('20 held-out examples after 100 steps');
  });

  it('has a row an example with all its references', () => {
    const rows = evaluationTable(e).objects() as Record<string, unknown>[];
    expect(rows).toHaveLength(20);
    expect(rows[0]).toEqual({ prompt: e.examples[0]!.prompt, output: 'Summary 0', reference: 'Summary 0', score: e.scores.each[0] }); // prettier-ignore
    expect(rows[1]!.reference).toBe('Summary 1\nOther 1');
  });

  it('says scores and shows samples on one line each', () => {
    const text = evaluationText(e);
    expect(text).toContain('rouge1 61.2%, rouge2 43.2%');
    expect(text).toContain('prompt    Ann: line 0 <b>bold</b> Bob: yes');
  });
});
