export { document, pretrainingTokens, type TextKind } from './pretraining.ts';
