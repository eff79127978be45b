/**
 * Asks for the newest value only: one question at a time, at most one every `everyMs`, and of those that came meanwhile
 * the last. Nothing queues up behind a slow answer.
 */
export class Latest<Q, A> {
  readonly #ask: (question: Q) => Promise<A>;
  readonly #answered: (answer: A, question: Q) => void;
  readonly #failed: (error: unknown) => void;
  readonly #everyMs: number;
  #next: { question: Q } | undefined;
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Answers to questions of an earlier generation are dropped. */
  #generation = 0;

  constructor(
    ask: (question: Q) => Promise<A>,
    answered: (answer: A, question: Q) => void,
    failed: (error: unknown) => void,
    everyMs = 50,
  ) {
    this.#ask = ask;
    this.#answered = answered;
    this.#failed = failed;
    this.#everyMs = everyMs;
  }

  /** Asks now or as soon as it may. */
  ask(question: Q): void {
    this.#next = { question };
    this.#go();
  }

  /** Forgets what was not asked yet, and what was not answered yet. */
  cancel(): void {
    this.#next = undefined;
    this.#generation++;
  }

  #go(): void {
    if (!this.#next || this.#asking || this.#timer !== undefined) return;
    const { question } = this.#next;
    const generation = this.#generation;
    this.#next = undefined;
    this.#asking = true;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#go();
    }, this.#everyMs);
    this.#ask(question)
      .then(
        (answer) => {
          if (generation === this.#generation) this.#answered(answer, question);
        },
        (error: unknown) => {
          if (generation === this.#generation) this.#failed(error);
        },
      )
      .finally(() => {
        this.#asking = false;
        this.#go();
      });
  }
}
