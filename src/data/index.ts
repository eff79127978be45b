export { collate } from './batch.ts';
export { describeBatch, type BatchPart, type BatchRow } from './describe-batch.ts';
export { digits, type Digits, type DigitsOptions } from './digits.ts';
export { encodeExample, encodeIfFits, encodePrompt, type EncodedExample } from './encode.ts';
export { accuracyScores } from './metrics/accuracy.ts';
export { exactMatchScores, finalNumber, finalNumberScores, lastNumber } from './metrics/exact-match.ts';
export { humanEvalScores, passAtK } from './metrics/human-eval.ts';
export { boxed, mathAnswer, mathScores, sameMath } from './metrics/math-answer.ts';
export { passAtOneScores } from './metrics/pass-at-one.ts';
export { type PythonOptions, runPythonPrograms } from './metrics/python-sandbox.ts';
export { answerF1, answerScores } from './metrics/question-answer.ts';
export { plainRougeScores, rouge, type Overlap, type Rouge, rougeScores } from './metrics/rouge.ts';
export { type Candidate, runCandidates, type SandboxOptions } from './metrics/sandbox.ts';
export { Random } from './random.ts';
export { epochOrder, Sampler } from './sampler.ts';
export type { ChatMessage, Example, Generation, Scores, Task, Tokenizer } from './task.ts';
export {
  dataTask,
  type DataTaskOptions,
  type FileFormat,
  fileTask,
  type FileTaskOptions,
  type Metric,
  type MetricName,
  metrics,
  fileFormats,
  published,
  type PublishedName,
  type SplitCounts,
  type TaskOptions,
  tasks,
} from './tasks/index.ts';
export { type ChatOptions, ChatTemplate } from './chat.ts';
export { loadTokenizer, type ModelTokenizer } from './tokenizer.ts';
export { document, pretrainingTokens, type TextKind } from './world/index.ts';
