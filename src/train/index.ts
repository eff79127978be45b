export { hiZfoStep, type StepInput, type StepResult } from './step.ts';
export { stepSettings, type StepOptions, type StepSettings } from './settings.ts';
export { stepCost, type StepCost } from './cost.ts';
export { methods, type Labelling, type Method, type MethodName } from './methods.ts';
export { movingAverage, type HistoryEvent, type HistoryRow } from './history.ts';
export type { Evaluation } from './evaluation.ts';
export { Trainer, type TrainerOptions } from './trainer.ts';
export type { TrainerEvents } from './events.ts';
