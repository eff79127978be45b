import { expect, it } from 'vitest';
import * as errors from '../src/errors.ts';
import * as hiZfo from '../src/index.ts';

it('exports every class of error and nothing that only serves their words', () => {
  for (const [name, value] of Object.entries(errors)) {
    const isError = value === errors.HiZfoError || value.prototype instanceof errors.HiZfoError;
    expect([name, Object.hasOwn(hiZfo, name)]).toEqual([name, isError]);
  }
});

it('exports what cuts a batch for a step by hand, as the setting microBatch says', () => {
  expect(hiZfo.inPieces).toBeTypeOf('function');
  expect(hiZfo.hiZfoStep).toBeTypeOf('function');
});
