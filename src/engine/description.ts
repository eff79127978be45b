import type { EngineDescription } from './engine.ts';

/** What an engine says of itself. */
export type EngineFacts = Omit<EngineDescription, 'toString'>;

/** How it came to this engine. */
export type Choice = Pick<EngineFacts, 'reason' | 'rejected'>;

/** Completes a description with a `toString` that prints it line by line. */
export function description(facts: EngineFacts): EngineDescription {
  return {
    ...facts,
    toString() {
      const lines = [facts.summary, `  picked: ${facts.reason}`];
      for (const { name, reason } of facts.rejected) lines.push(`  not ${name}: ${reason}`);
      for (const hint of facts.faster) lines.push(`  faster: ${hint}`);
      return lines.join('\n');
    },
  };
}

/** `1 thread`, `2 threads`. */
export const threadsInWords = (n: number): string => `${n} thread${n === 1 ? '' : 's'}`;
