import type { TensorCell } from '../../protocol.ts';
import { amount, significant } from '../../../plot/words.ts';

const labels: Record<string, string> = { F: 'FO', Z: 'ZO', x: 'frozen' };

export const labelName = (character: string | undefined) => labels[character ?? ''] ?? 'no label yet';

/** Why a tensor has its label, in words. */
export function reasonWords(label: string | undefined, reason: string | undefined): string {
  switch (reason) {
    case 'h':
      return 'set by hand';
    case 'c':
      return 'in the best set that the budget pays for';
    case 'o':
      return 'worth something, but its cost buys more elsewhere';
    case 'n':
      return 'stepping it does not lower the loss';
    case 'r':
      return 'the budget does not pay for it alone, with the error signal carried to it';
    case 'a':
      return `the method makes every tensor ${labelName(label)}`;
    case 'b':
      return 'of the model under the adapter';
    default:
      return '';
  }
}

/** `64 × 32 = 2.05k values`. */
export function sizeWords({ shape, size }: TensorCell): string {
  return `${shape.length > 1 ? `${shape.join(' × ')} = ` : ''}${amount(size)} values`;
}

export function importanceWords({ importance: x }: TensorCell): string {
  if (x === null) return 'not profiled';
  return x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(2) : significant(x);
}
