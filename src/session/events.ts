import type { Evaluation, TrainerEvents } from '../train/index.ts';

/** What a session tells its listeners; a panel needs nothing else. */
export interface SessionEvents extends TrainerEvents {
  evaluation: [evaluation: Evaluation];
  run: [state: 'started' | 'ended'];
  closed: [];
}
