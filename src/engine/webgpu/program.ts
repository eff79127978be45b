import type { Tensor, TensorInfo } from '@tensorflow/tfjs';
import { tf } from '../tf.ts';
import { type Pipeline, type Uniform, type WebgpuBackend, webgpuBackend } from './backend.ts';

/** Threads of a workgroup. */
export const GROUP = 64;

/** A program in WGSL, and what it runs on. */
export interface Program<Out extends string> {
  /** Tells programs apart; one is compiled for each. */
  key: string;
  /** Tensors that the code reads, flat arrays by these names. With `outputs` at most 8. */
  inputs: Record<string, Tensor>;
  /** Tensors that the code writes, float32 of these shapes; what it leaves out of them holds anything. */
  outputs: Record<Out, readonly number[]>;
  /** Numbers that the code has as `uniforms.name`; `uniforms.NAN` is always there. */
  uniforms: Partial<Record<'i32' | 'u32' | 'f32', Record<string, number>>>;
  /** Declares `fn main(group: i32, thread: i32)`, run by {@link GROUP} threads for each of `groups`, and more groups after them. */
  code: () => string;
  groups: number;
}

/**
 * Runs a program. TF.js's own way allows one result; here the others are bound where it binds inputs, and the rest
 * (buffers, uniforms, the queue) is left to it.
 */
export function runProgram<Out extends string>(program: Program<Out>): Record<Out, Tensor> {
  const backend = webgpuBackend();
  const { groups } = program;
  const shapes = Object.values<readonly number[]>(program.outputs);
  const made = shapes.map((shape) => {
    const size = sizeOf(shape);
    return backend.makeTensorInfo([size], 'float32', groups > 0 ? undefined : new Float32Array(size));
  });
  if (groups > 0) {
    const inputs = Object.values(program.inputs).map(({ dataId, dtype, size }) => ({ dataId, dtype, shape: [size] })); // prettier-ignore
    const [first, ...others] = [...made, ...inputs] as [TensorInfo, ...TensorInfo[]];
    for (const { dataId } of [first, ...others]) backend.uploadToGPU(dataId);
    const held = inputs.map(({ dataId }) =>
      backend.tensorMap.get(dataId).dtype === 'float32' ? 'f32' : 'i32',
    );
    const pipeline = (backend.pipelineCache[`hi-zfo ${program.key}: ${held.join()}`] ??= compile(backend, program, held)); // prettier-ignore
    const dispatch = spread(groups, backend.device.limits.maxComputeWorkgroupsPerDimension);
    backend.recordAndSubmit({ pipeline, dispatch }, first, others, uniformsOf(program));
  }
  const tensors = made.map((info, i) =>
    tf.engine().makeTensorFromTensorInfo({ ...info, shape: [...shapes[i]!] }, backend),
  );
  return Object.fromEntries(Object.keys(program.outputs).map((name, i) => [name, tensors[i]!])) as Record<Out, Tensor>; // prettier-ignore
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Groups in as many dimensions as the card needs for them; there may be more than asked for. */
function spread(groups: number, most: number): [number, number, number] {
  if (groups <= most) return [groups, 1, 1];
  const side = Math.ceil(Math.sqrt(groups));
  return [side, Math.ceil(groups / side), 1];
}

const types = { i32: 'int32', u32: 'uint32', f32: 'float32' } as const;
const kinds = Object.keys(types) as (keyof typeof types)[];

function uniformsOf({ uniforms }: Program<string>): Uniform[] {
  return kinds.flatMap((kind) =>
    Object.values(uniforms[kind] ?? {}).map((value) => ({ type: types[kind], data: [value] })),
  );
}

function compile(backend: WebgpuBackend, program: Program<string>, inputTypes: string[]): Pipeline {
  const written = Object.keys(program.outputs).map((name) => ['read_write', name, 'f32']);
  const read = Object.keys(program.inputs).map((name, i) => ['read', name, inputTypes[i]!]);
  const buffers = [...written, ...read].map(
    ([access, name, type], i) => `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`,
  );
  // of every tensor, all of them flat, TF.js sends the shape and the strides
  const shapes = buffers.map((_, i) => `shape${i}: i32, strides${i}: i32,`);
  const numbers = kinds.flatMap((kind) =>
    Object.keys(program.uniforms[kind] ?? {}).map((name) => `${name}: ${kind},`),
  );
  const code = `
    struct Uniforms { NAN: f32, INFINITY: f32, ${shapes.join(' ')} ${numbers.join(' ')} }
    ${buffers.join('\n')}
    @group(0) @binding(${buffers.length}) var<uniform> uniforms: Uniforms;
    const GROUP = ${GROUP};
    // a card may take its own comparisons with NaN, and max() of it, to be anything
    fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
    ${program.code()}
    @compute @workgroup_size(${GROUP})
    fn start(
      @builtin(workgroup_id) at: vec3<u32>,
      @builtin(num_workgroups) count: vec3<u32>,
      @builtin(local_invocation_index) thread: u32,
    ) {
      main(i32(at.y * count.x + at.x), i32(thread));
    }`;
  const label = program.key;
  const module = backend.device.createShaderModule({ label, code });
  return backend.device.createComputePipeline({ label, layout: 'auto', compute: { module, entryPoint: 'start' } }); // prettier-ignore
}
