// Everything that works on the heap of TF.js but the noise, which is built apart, without relaxed SIMD.
export { gemm, gemmScratch } from './gemm';
export { rmsForward, rmsBackward, layerForward, layerBackward } from './norm';
export { activateForward, activateBackward, gatedForward, gatedBackward } from './activation';
export { addVectors, addBias, sumRows, copyColumns, softcapForward, multiplyInto } from './activation';
export { rotate, attentionForward, attentionSpan, attentionBackward, attentionScratch } from './attention';
export { crossEntropy } from './loss';
export { firstOutside, gatherRows, scatterRows, zero } from './embedding';
export { scaleVector, addScaled, adamw, dot } from './optimizer';
