import type { ParameterInfo } from '../parameters.ts';

/** Where a tensor stands on a map: a column (its layer) and a row (its role). */
interface Place {
  group: string;
  role: string;
}

/**
 * What a name tells: `dense_1/kernel` is the kernel of layer dense_1, `block.0.w` the w of block.0, `w2` the w of layer 2. Any
 * other name stands for itself, in a layer with all of its kind.
 */
function placeOf(name: string): Place {
  const path = /^(.+)[./]([^./]+)$/.exec(name);
  if (path) return { group: path[1]!, role: path[2]! };
  const numbered = /^(\D+?)_?(\d+)$/.exec(name);
  return numbered ? { group: numbered[2]!, role: numbered[1]! } : { group: '', role: name };
}

/** Tensors by name and shape as parameters: layers and roles from the names, layers in the order of their first tensor. */
export function ownParameters(
  weights: Readonly<Record<string, { shape: number[]; size: number }>>,
): ParameterInfo[] {
  const groups: string[] = [];
  return Object.entries(weights).map(([name, { shape, size }]) => {
    const { group, role } = placeOf(name);
    if (!groups.includes(group)) groups.push(group);
    const layerName = group === '' ? {} : { layerName: group };
    return { name, shape: [...shape], size, role, layer: groups.indexOf(group), ...layerName, tied: false };
  });
}
