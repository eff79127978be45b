import type { EngineFacts } from '../description.ts';
import type { Engine } from '../engine.ts';
import { engineOf } from '../of-backend.ts';
import { plainOps } from '../ops/plain.ts';
import { fusedOps } from './fused.ts';
import { useWorkspace } from './start.ts';
import type { Workspace } from './workspace.ts';

/** The engine whose kernels, TF.js's own products among them, run on a workspace. */
export function engineOn(
  workspace: Workspace,
  fused: boolean,
  facts: EngineFacts & Pick<Engine, 'name'>,
): Promise<Engine> {
  return engineOf({
    backend: 'wasm',
    ops: fused ? fusedOps(workspace) : plainOps,
    facts,
    onActivate: () => useWorkspace(workspace),
    heapBytes: () => workspace.backend.wasm.HEAPU8.length,
  });
}
