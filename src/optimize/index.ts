export { AdamW, adamwSettings, type AdamWOptions } from './adamw.ts';
export { rateAt, type Schedule } from './schedule.ts';
