export { AdamW, adamwSettings, type AdamWOptions, type MomentState } from './adamw.ts';
export { rateAt, type Schedule } from './schedule.ts';
