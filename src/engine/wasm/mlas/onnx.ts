/**
 * An ONNX model of one node: C = A B of float32 matrices, either stored transposed. Its file is a protocol buffer
 * (onnx.proto); the numbers below are the fields' tags there.
 */
export function productModel(transposeA: boolean, transposeB: boolean): Uint8Array {
  const flag = (name: string, value: boolean) =>
    message(5, [...text(1, name), ...number(3, Number(value)), ...number(20, 2)]);
  const node = [
    ...text(1, 'A'),
    ...text(1, 'B'),
    ...text(2, 'C'),
    ...text(4, 'FusedMatMul'),
    ...flag('transA', transposeA),
    ...flag('transB', transposeB),
    ...text(7, 'com.microsoft'),
  ];
  const float = message(2, message(1, number(1, 1)));
  const graph = [
    ...message(1, node),
    ...text(2, 'product'),
    ...message(11, [...text(1, 'A'), ...float]),
    ...message(11, [...text(1, 'B'), ...float]),
    ...message(12, [...text(1, 'C'), ...float]),
  ];
  const operators = (domain: string, version: number) =>
    message(8, [...text(1, domain), ...number(2, version)]);
  return Uint8Array.from([
    ...number(1, 8), // version of the format
    ...message(7, graph),
    ...operators('', 13),
    ...operators('com.microsoft', 1),
  ]);
}

/** Base 128, the lowest seven bits first. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
const number = (field: number, value: number) => [...varint(field << 3), ...varint(value)];
const message = (field: number, bytes: readonly number[]) => [
  ...varint((field << 3) | 2),
  ...varint(bytes.length),
  ...bytes,
];
const text = (field: number, value: string) => message(field, [...Buffer.from(value)]);
