import type { StepOptions } from './settings.ts';

/** How a method labels tensors: by the budgeted selection, or all alike. */
export type Labelling = { by: 'budget'; rest: 'ZO' | 'frozen' } | { by: 'all'; label: 'FO' | 'ZO' };

/** A training method as data: how tensors are labelled and which step options it fixes. */
export interface Method {
  /** For people. */
  title: string;
  labelling: Labelling;
  step: StepOptions;
}

/** Methods on one code path, so that comparisons differ in these lines alone. */
export const methods = {
  'hi-zfo': { title: 'Hi-ZFO', labelling: { by: 'budget', rest: 'ZO' }, step: {} },
  full: { title: 'Full fine-tuning', labelling: { by: 'all', label: 'FO' }, step: { alpha: 0 } },
  zo: { title: 'ZO only (one-sided)', labelling: { by: 'all', label: 'ZO' }, step: {} },
  mezo: {
    title: 'MeZO (two-sided)',
    labelling: { by: 'all', label: 'ZO' },
    step: { estimator: 'two-sided' },
  },
  frozen: {
    title: 'Same partition, rest frozen (GreenTrainer)',
    labelling: { by: 'budget', rest: 'frozen' },
    step: { alpha: 0, updateZO: 'off' },
  },
  noise: {
    title: 'Hi-ZFO with the ZO sign replaced by a coin',
    labelling: { by: 'budget', rest: 'ZO' },
    step: { updateZO: 'noise' },
  },
} as const satisfies Record<string, Method>;

/** Name of a method. */
export type MethodName = keyof typeof methods;
