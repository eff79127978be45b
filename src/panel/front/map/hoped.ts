/** A label as the state writes it. */
export type LabelCharacter = 'F' | 'Z';

interface Hope {
  label: LabelCharacter;
  ticket: number;
  /** The kernel has said yes; the state that shows it may be on its way. */
  granted: boolean;
}

/**
 * Labels that were asked for and are not in the state yet. They are shown at once, and fall back when the kernel
 * refuses.
 */
export class HopedLabels {
  readonly #hopes = new Map<number, Hope>();
  #tickets = 0;

  /** Notes what was asked for; the ticket is for its outcome. A later wish for the same tensor replaces an earlier. */
  ask(tensors: readonly number[], label: LabelCharacter): number {
    const ticket = ++this.#tickets;
    for (const i of tensors) this.#hopes.set(i, { label, ticket, granted: false });
    return ticket;
  }

  /** The kernel has answered. */
  settle(ticket: number, granted: boolean, labels: string): void {
    for (const [i, hope] of this.#hopes) {
      if (hope.ticket !== ticket) continue;
      if (!granted || labels[i] === hope.label) this.#hopes.delete(i);
      else hope.granted = true;
    }
  }

  /** A state has come; with edits still waiting, what was granted may be among them. */
  arrived(labels: string, waiting: number): void {
    for (const [i, hope] of this.#hopes)
      if (hope.granted && (waiting === 0 || labels[i] === hope.label)) this.#hopes.delete(i);
  }

  /** What is hoped for a tensor, where it differs from what it has. */
  of(tensor: number, labels: string): LabelCharacter | undefined {
    const label = this.#hopes.get(tensor)?.label;
    return label === labels[tensor] ? undefined : label;
  }

  /** The label that a tensor will have if all goes well. */
  target(tensor: number, labels: string): string | undefined {
    return this.#hopes.get(tensor)?.label ?? labels[tensor];
  }

  clear(): void {
    this.#hopes.clear();
  }
}
