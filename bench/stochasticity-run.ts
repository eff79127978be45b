import type { MethodName } from '../src/index.ts';

/** Hi-ZFO first: it is what the others are compared with. */
export const compared = ['hi-zfo', 'full', 'frozen', 'noise'] as const satisfies readonly MethodName[];

/** One run and what was found at its end. Curvature and rises are over all tensors, on training rows. */
export interface StochasticityRun {
  method: (typeof compared)[number];
  seed: number;
  metric: string;
  /** Held out. */
  score: number;
  loss: number;
  /** On all training examples, and on the rows that the rest is measured on. */
  trainLoss: number;
  batchLoss: number;
  /** Norm of the gradient there: how near to a minimum. */
  slope: number;
  trace: number;
  traceError: number;
  /** tr H over what is not FO. */
  traceRest: number;
  largest: number;
  smallest: number;
  /** Mean rise when every tensor moves by 5% of its norm, at random and along the gradient (the same length). */
  rise: number;
  ascent: number;
  /** Mean rise under an isotropic Gaussian of fixed length. */
  spreadRise: number;
  /** Distance from the start, over FO tensors and over the others. */
  movedFO: number;
  movedRest: number;
  seconds: number;
}
