import type { CommRegistry } from '../kernel-api.ts';
import { isRecord, split, type Path } from './buffers.ts';

/** A model whose state a page can ask for. */
export interface Model {
  fullState(): Readonly<Record<string, unknown>>;
  /** Told when a page has asked. */
  found(): void;
}

const CONTROL = 'jupyter.widget.control';
const kernels = new WeakMap<CommRegistry, Map<string, Model>>();

/** The models of a kernel that are open, by id. A page that (re)loads asks for all of them at once. */
export function modelsOf(comms: CommRegistry): Map<string, Model> {
  const known = kernels.get(comms);
  if (known) return known;
  const models = new Map<string, Model>();
  kernels.set(comms, models);
  comms.register(CONTROL, (comm) => {
    comm.onMessage = (data) => {
      if (!isRecord(data) || data.method !== 'request_states') return;
      const { states, paths, buffers } = everything(models);
      comm.send({ method: 'update_states', states, buffer_paths: paths }, { buffers });
      for (const model of models.values()) model.found();
    };
  });
  return models;
}

function everything(models: ReadonlyMap<string, Model>) {
  const states: Record<string, object> = {};
  const paths: Path[] = [];
  const buffers: Uint8Array[] = [];
  for (const [id, model] of models) {
    const one = split(model.fullState());
    const { _model_name, _model_module, _model_module_version } = one.state;
    states[id] = {
      model_name: _model_name,
      model_module: _model_module,
      model_module_version: _model_module_version,
      state: one.state,
    };
    paths.push(...one.paths.map((path): Path => [id, 'state', ...path]));
    buffers.push(...one.buffers);
  }
  return { states, paths, buffers };
}
