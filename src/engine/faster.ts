import type { Choice } from './description.ts';
import type { EngineName } from './engine.ts';
import { installCommand, isInstalled, type Installable } from './installed.ts';
import { findNvidia } from './nvidia.ts';

/** What an engine knows of itself that bears on its speed. */
export interface Circumstances extends Partial<Choice> {
  /** The kernels have a heap that this Node does not let threads share with onnxruntime. */
  oneThread?: boolean;
  /** The card is a renderer on the CPU. */
  software?: boolean;
}

/** What would be faster on this machine, each with what to do: the one place where engines take their hints from. */
export async function fasterThan(
  name: Exclude<EngineName, 'auto'>,
  { rejected = [], oneThread = false, software = false }: Circumstances = {},
): Promise<string[]> {
  /** How to come to another engine: it is installed and nobody has tried it, or it has to be installed. */
  const by = (other: Installable) =>
    isInstalled(other) && !rejected.some((tried) => tried.name === other)
      ? `open({ engine: '${other}' })`
      : installCommand(other);
  const hints: string[] = [];
  const card = name === 'gpu' || name === 'webgpu' ? undefined : await findNvidia();
  if (card === 'no driver')
    hints.push('an NVIDIA card is here, but its driver does not answer: npx hi-zfo engine doctor');
  else if (card) hints.push(`the gpu engine, still experimental, on the ${card.name}: ${by('gpu')}`);
  if (name === 'cpu')
    hints.push("the wasm engine, 20 to 100 times as fast and always there: open({ engine: 'wasm' })");
  if (name === 'wasm' && oneThread)
    hints.push(
      'several threads, with Node 22.23, 24.9 or newer, or in a process that does not open the fast engine',
    );
  else if (name === 'wasm' || name === 'native')
    hints.push(`the fast engine, up to twice as fast: ${by('fast')}`);
  if (name === 'fast' && oneThread)
    hints.push('kernels on several threads as well, with Node 22.23, 24.9 or newer');
  if (software) hints.push('the wasm engine: this card is a renderer on the CPU');
  return hints;
}
