import { EngineError } from '../errors.ts';
import { installCommand, type Installable } from './installed.ts';

/**
 * The error of an engine that was asked for and does not serve; its cause is the reason alone.
 * @param needs - what it stands on
 * @param byInstall - whether installing it, or installing it anew, may help (default true)
 */
export function notServing(name: Installable, needs: string, cause: unknown, byInstall = true): EngineError {
  const todo = byInstall ? `; get it with: ${installCommand(name)}` : '';
  return new EngineError(
    `The ${name} engine does not open: ${messageOf(cause)}. It needs ${needs}${todo}. Or use the wasm engine, which needs nothing.`,
    { cause },
  );
}

/** Why an engine does not serve, in a few words. */
export function reasonOf(error: unknown): string {
  return messageOf((error as Error).cause ?? error);
}

/** The first line: that a module is missing has a list of those that asked for it below. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
