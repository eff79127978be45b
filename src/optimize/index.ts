export { AdamW, type AdamWOptions } from './adamw.ts';
export { rateAt, type Schedule } from './schedule.ts';
