import type { BudgetAnswer, PanelState } from '../../protocol.ts';
import type { Chosen } from './chosen.ts';
import type { HopedLabels } from './hoped.ts';
import { importanceWords, labelName, reasonWords, sizeWords } from './words.ts';

/** How a tensor looks now. */
export interface Look {
  /** F, Z, x, or - where there is no label yet. */
  label: string;
  /** Label that was asked for and is not in force yet. */
  hoped: string | undefined;
  /** Label that the budget under the hand would give. */
  preview: string | undefined;
  byHand: boolean;
  selected: boolean;
  /** Not among what the search means. */
  dimmed: boolean;
  /** Share that is filled, 0 to 1. */
  fill: number;
  /** Its importance was not measured, that of others was. */
  unknown: boolean;
  /** For readers of the screen. */
  words: string;
}

/** What lies over the labels in force. */
export interface Overlay {
  hoped: HopedLabels;
  preview: BudgetAnswer | null;
  chosen: Chosen;
  /** Tensors under the rectangle that is being drawn. */
  banded: readonly number[] | null;
}

/** How every tensor looks. */
export function looksOf({ tensors, labels, reasons }: PanelState, over: Overlay): Look[] {
  const profiled = tensors.some((t) => t.importance !== null);
  const largest = Math.max(0, ...tensors.map((t) => t.importance ?? 0)) || 1;
  const [toFO, toZO] = [new Set(over.preview?.toFO), new Set(over.preview?.toZO)];
  const banded = new Set(over.banded);
  return tensors.map((tensor, i) => {
    const hoped = over.hoped.of(i, labels);
    const label = labels[i] ?? '-';
    const preview = toFO.has(i) ? 'F' : toZO.has(i) ? 'Z' : undefined;
    const { importance } = tensor;
    const words = [
      tensor.name,
      hoped ? `${labelName(hoped)}, waits` : labelName(label),
      preview && `would become ${labelName(preview)}`,
      `importance ${importanceWords(tensor)}`,
    ];
    return {
      label,
      hoped,
      preview,
      byHand: reasons[i] === 'h',
      selected: over.chosen.selected.has(i) || banded.has(i),
      dimmed: over.chosen.leavesOut(i),
      fill: profiled ? Math.sqrt(Math.max(0, importance ?? 0) / largest) : 1,
      unknown: profiled && importance === null,
      words: words.filter(Boolean).join(', '),
    };
  });
}

/** What the tooltip says under a tensor's name. */
export function tipLines({ tensors, labels, reasons }: PanelState, i: number, hopes: HopedLabels): string[] {
  const tensor = tensors[i]!;
  const hoped = hopes.of(i, labels);
  const reason = reasonWords(labels[i], reasons[i]);
  return [
    sizeWords(tensor),
    `importance ${importanceWords(tensor)}`,
    `${labelName(labels[i])}${reason && `: ${reason}`}`,
    ...(hoped ? [`${labelName(hoped)} at the end of this step`] : []),
  ];
}
