import type { EngineDescription } from './engine.ts';

/** Completes a description with a `toString` that prints it line by line. */
export function description(facts: Omit<EngineDescription, 'toString'>): EngineDescription {
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
