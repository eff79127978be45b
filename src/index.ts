/**
 * hi-zfo: fine-tune language models with Hi-ZFO, step by step, in TypeScript notebooks.
 * Start with {@link open}; everything below a session is exported as plain functions too.
 */
export {
  open,
  OwnSession,
  Session,
  Result,
  type Batches,
  type Data,
  type OpenOptions,
  type OwnEvaluateOptions,
  type OwnOpenOptions,
  type RunOptions,
  type EvaluateOptions,
  type History,
  type SaveOptions,
  type AutosaveOptions,
  type SharpnessFindings,
} from './session/index.ts';
export {
  CheckpointError,
  ConfigError,
  EngineError,
  FormatError,
  HiZfoError,
  NonFiniteError,
} from './errors.ts';
export { version } from './package-root.ts';
export { openEngine, type Engine, type EngineDescription, type EngineName } from './engine/index.ts';
export { fillNoise, tensorId, type Distribution, type NoiseKey } from './noise/index.ts';
export {
  loadModel,
  generate,
  inPieces,
  lossAndGradients,
  lossOf,
  DeviceBatch,
  Decoder,
} from './model/index.ts';
export type {
  DecoderConfig,
  LossAndGradients,
  LossAndGradientsOptions,
  Parameter,
  PassOptions,
  Role,
  TokenBatch,
  Weights,
} from './model/index.ts';
export { layersModel, ownModel, OwnDefinition, OwnModel } from './model/index.ts';
export type { LayersBatch, LayersModelOptions, OwnModelOptions, Trainable, XY } from './model/index.ts';
export {
  tasks,
  dataTask,
  digits,
  fileTask,
  loadTokenizer,
  metrics,
  passAtK,
  published,
  rouge,
} from './data/index.ts';
export type {
  DataTaskOptions,
  Digits,
  DigitsOptions,
  Example,
  Generation,
  Scores,
  Task,
  Tokenizer,
} from './data/index.ts';
export { profileModel, tensorCosts, selectionCost, totalCost } from './profile/index.ts';
export type {
  BatchSize,
  Profile,
  ProfileEntry,
  ProfileOptions,
  Reach,
  TensorCost,
  TotalCost,
} from './profile/index.ts';
export { Partition, budgetOf, reachOf, selectExact, selectGreenTrainer } from './partition/index.ts';
export type {
  Budget,
  Item,
  Label,
  PartitionEntry,
  PartitionOptions,
  PartitionSummary,
} from './partition/index.ts';
export type { Reason, Selection, Selector } from './partition/index.ts';
export { AdamW } from './optimize/index.ts';
export { directionPart, drawDirection, perturbedWeights, projectedGradient } from './estimate/index.ts';
export type {
  Direction,
  DirectionLaw,
  EstimatorName,
  EstimatorOptions,
  EstimatorSettings,
} from './estimate/index.ts';
export { Trainer, hiZfoStep, methods, stepSettings, movingAverage } from './train/index.ts';
export type {
  Evaluation,
  HistoryEvent,
  HistoryRow,
  Method,
  MethodName,
  SnapshotOptions,
  StepOptions,
  StepResult,
  StepSettings,
  TrainerProfileOptions,
} from './train/index.ts';
export * from './variance/index.ts';
export * from './plot/index.ts';
export type { Panel, ProbeRow, ProbeSettings, RunState } from './panel/index.ts';
export { Figure, liveFigure, progress, setSink, show, Widget } from './notebook/index.ts';
export type { WidgetEvents, WidgetOptions } from './notebook/index.ts';
