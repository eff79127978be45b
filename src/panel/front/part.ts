import type { BudgetAnswer, PanelState } from '../protocol.ts';
import type { Answer, Command } from './link.ts';

/** A piece of the panel. */
export interface Part {
  readonly element: HTMLElement;
  /** Shows a state; `live` is false where no kernel answers, and then nothing can be pressed. */
  update(state: PanelState, live: boolean): void;
}

/** What the pieces share. */
export interface Desk {
  /** Unique in the page. */
  readonly id: string;
  /** Aborts when the view is removed. */
  readonly signal: AbortSignal;
  readonly state: () => PanelState;
  readonly live: () => boolean;
  /** Sends a command; throws when it is refused. */
  readonly send: (command: Command) => Promise<Answer>;
  /** Sends a command; a refusal is shown in the status line and gives undefined. */
  readonly attempt: (command: Command) => Promise<Answer | undefined>;
  /** Shows a failure in the status line. */
  readonly complain: (message: string) => void;
  /** What the map shows over the labels in force, while the budget is dragged. */
  readonly preview: (budget: BudgetAnswer | null) => void;
  /** Marks a step on the curves; null for none. */
  readonly markStep: (step: number | null) => void;
}
