import { GROUP } from './program.ts';

/** Sums over a workgroup, two at a time, given to all of its threads; to be called by all of them. */
export const SUMS = `
var<workgroup> part: array<vec2<f32>, ${GROUP}>;

fn sums(thread: i32, x: vec2<f32>) -> vec2<f32> {
  part[thread] = x;
  workgroupBarrier();
  for (var half = ${GROUP / 2}; half > 0; half /= 2) {
    if (thread < half) { part[thread] += part[thread + half]; }
    workgroupBarrier();
  }
  let total = part[0];
  workgroupBarrier(); // before they write the next
  return total;
}
`;
