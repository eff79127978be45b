import { decoderParameters, parseConfig, type DecoderConfig, type Parameter } from '../../src/model/index.ts';
import { reachOf } from '../../src/partition/index.ts';
import { tensorCosts, totalCost, type Profile } from '../../src/profile/index.ts';
import { scatterLaw } from '../../src/variance/scatter.ts';
import { noMoments } from '../../src/variance/statistics.ts';
import type { Evaluation, HistoryRow } from '../../src/train/index.ts';
import {
  estimate,
  cosineLaw,
  meanCosineLaw,
  normRatioLaw,
  secondMomentLaw,
  signLaw,
  tensorLaw,
  type CurvatureReport,
  type DescentReport,
  type ErrorSplit,
  type LossLine,
  type LossPlane,
  type SweepReport,
  type VarianceReport,
} from '../../src/variance/index.ts';

/** A stream of numbers in (0, 1): Lehmer's generator, enough for made-up results. */
export function stream(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const normal = (next: () => number) => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());

export function config(layers: number, tied = true): DecoderConfig {
  const small = layers < 10;
  return parseConfig({
    model_type: 'llama',
    vocab_size: small ? 2048 : 49152,
    hidden_size: small ? 192 : 576,
    num_hidden_layers: layers,
    num_attention_heads: small ? 6 : 9,
    num_key_value_heads: 3,
    intermediate_size: small ? 512 : 1536,
    max_position_embeddings: 512,
    tie_word_embeddings: tied,
  });
}

export function parameters(layers: number, tied = true): Parameter[] {
  return decoderParameters(config(layers, tied)).map((info, index) => ({ ...info, index }));
}

const weights: Record<string, number> = { v: 1.2, o: 1, down: 0.9, up: 0.7, gate: 0.6, q: 0.3, k: 0.3 };

/** A made-up profile: long-tailed, deeper layers matter more, about one tensor in ten does harm. */
export function profile(layers: number, { tied = true, batches = 4 } = {}): Profile {
  const list = parameters(layers, tied);
  const size = { batch: 4, length: 128 };
  const costs = tensorCosts(config(layers, tied), list, size);
  const next = stream(layers);
  const raw = list.map((p) => {
    const weight = weights[p.role] ?? 0.08;
    const depth = 0.3 + (0.7 * (p.layer + 1)) / (layers + 1);
    return weight * depth * Math.exp(0.4 * normal(next)) - (next() < 0.1 ? 0.4 * weight : 0);
  });
  const scale = Math.max(...raw.map(Math.abs));
  return {
    entries: list.map((parameter, i) => ({
      parameter,
      ...costs[i]!,
      importance: raw[i]! / scale,
      standardError: batches > 1 ? 0.03 + (0.1 * Math.abs(raw[i]!) * next()) / scale : NaN,
      reached: true,
    })),
    total: totalCost(costs),
    batches,
    scale,
    lossBefore: 3.2104,
    lossAfter: 3.1875,
    unit: 'multiply-adds',
    size,
  };
}

/** What that profile is when it measures only what `rho` can reach. */
export function within(profile: Profile, rho: number): Profile {
  const { entries, scale } = profile;
  const reached = reachOf(rho).of(
    entries,
    entries.map((e) => e.parameter),
  );
  const unit = Math.max(...entries.map((e, i) => (reached[i] ? Math.abs(e.importance) : 0)));
  return {
    ...profile,
    reach: rho,
    scale: scale * unit,
    entries: entries.map((e, i) =>
      reached[i]
        ? { ...e, importance: e.importance / unit, standardError: e.standardError / unit }
        : { ...e, importance: 0, standardError: NaN, reached: false },
    ),
  };
}

/** A made-up Hi-ZFO run that learns; every 37th update is skipped. */
export function history(steps: number, seed = 1, rate = 60): HistoryRow[] {
  const next = stream(seed);
  return Array.from({ length: steps }, (_, step): HistoryRow => {
    const loss = 1.2 + 2 * Math.exp(-step / rate) + 0.15 * normal(next);
    const skipped = step % 37 === 36 ? 'the perturbed loss is not finite' : '';
    return {
      step,
      loss,
      perturbedLoss: skipped ? NaN : loss + 0.02 * normal(next),
      coefficient: skipped ? NaN : 20 * normal(next),
      gradientNorm: 2 + Math.exp(-step / 40) + 0.2 * normal(next),
      estimateNorm: 2e4 * Math.abs(normal(next)),
      skipped,
      sizeFO: 1_000_000,
      sizeZO: 2_000_000,
      forwardPasses: 2 * (step + 1),
      flops: 1.23456789e10 * (step + 1),
      seconds: 0.25 * (step + 1),
      stepSeconds: 0.25,
      tensorBytes: 5e7,
      residentBytes: 4e8 + 1e5 * step,
    };
  });
}

/** A report whose measurements scatter about the law, `off` standard errors away on the whole. */
export function varianceReport({ off = 0, curvature = 0, layers = 6, draws = 64 } = {}): VarianceReport {
  const next = stream(5);
  const list = parameters(layers).filter((_, i) => i % 2 === 0);
  const d = list.reduce((n, p) => n + p.size, 0);
  const shares = list.map(() => next());
  const all = shares.reduce((s, x) => s + x, 0);
  const around = <A extends string, B extends string>(name: A, nameOfLaw: B, law: number, spread: number) =>
    ({
      [name]: { mean: law * (1 + spread * normal(next)), standardError: spread * law },
      [nameOfLaw]: law,
    }) as Record<A, { mean: number; standardError: number }> & Record<B, number>;
  return {
    settings: { estimator: 'one-sided', epsilon: 1e-3, queries: 1, law: 'gaussian', rank: 2 },
    seed: 7,
    draws,
    dimension: d,
    loss: 2.345678,
    gradientNorm: 1.98765,
    curvature: { mean: curvature, standardError: curvature / 5 },
    bias: { mean: 0.001 * normal(next), standardError: 0.001 },
    groups: [],
    sums: { whole: [], groups: [], curvature: noMoments(), bias: noMoments() },
    rows: [1, 2, 4, 8].map((q) => {
      const law = secondMomentLaw(d, q, 'gaussian');
      const lawWithCurvature = secondMomentLaw(d, q, 'gaussian', curvature);
      const samples = Math.floor(draws / q);
      const standardError = scatterLaw('second moment', d, q, 'gaussian', curvature) / Math.sqrt(samples);
      const deviation = off + 0.7 * normal(next);
      return {
        q,
        samples,
        secondMoment: { mean: lawWithCurvature + deviation * standardError, standardError },
        law,
        lawWithCurvature,
        deviation,
        variance: { mean: lawWithCurvature - 1 + deviation * standardError, standardError },
        varianceLaw: lawWithCurvature - 1,
        ...around('cosine', 'cosineLaw', meanCosineLaw(d, q), 0.1),
        rmsCosine: cosineLaw(d, q, 'gaussian') * (1 + 0.05 * normal(next)),
        rmsCosineError: 0.05 * cosineLaw(d, q, 'gaussian'),
        rmsCosineLaw: cosineLaw(d, q, 'gaussian'),
        ...around('normRatio', 'normRatioLaw', normRatioLaw(d, q), 0.1),
        ...around('signAgreement', 'signLaw', signLaw(q, 'gaussian', 1e-4, 1e-9), 1e-6),
      };
    }),
    tensors: list.map((parameter, i) => {
      const law = tensorLaw(parameter.size, shares[i]! / all, 1, 'gaussian');
      return {
        parameter,
        secondMoment: { mean: law * (1 + 0.15 * normal(next)), standardError: 0.17 * law },
        law,
        gradientShare: shares[i]! / all,
      };
    }),
    coefficients: Array.from({ length: draws }, () => {
      const exact = 2 * normal(next);
      return { exact, measured: exact + 0.1 * normal(next) };
    }),
  };
}

export function evaluation(n = 20): Evaluation {
  const next = stream(3);
  const each = Array.from({ length: n }, () => next());
  return {
    step: 100,
    loss: 1.2345,
    scores: {
      primary: 'rougeL',
      values: { rouge1: 0.61234, rouge2: 0.4321, rougeL: estimate(each).mean },
      each,
    },
    examples: each.map((_, i) => ({
      prompt: `Ann: line ${i} <b>bold</b>\nBob: yes`,
      completion: `Summary ${i}`,
      references: i % 2 ? [`Summary ${i}`, `Other ${i}`] : undefined,
    })),
    outputs: each.map((_, i) => `Summary ${i % 3}`),
  };
}

/** A made-up sweep; with batch noise, which one value has no signal for. */
export function sweep(values: readonly (number | string)[] = [1e-4, 1e-3, 3e-3, 1e-2]): SweepReport {
  return {
    axis: 'perturbation scale epsilon',
    points: values.map((value, i) => ({
      value,
      report: varianceReport({ curvature: 0.02 * 4 ** i }),
      noise: {
        batches: 4,
        signal: { mean: 2, standardError: 0.3 },
        noise: { mean: 1, standardError: 0.2 },
        ratio: i === 1 ? { mean: NaN, standardError: NaN } : { mean: 0.5 + i, standardError: 0.2 },
        tensors: [],
        products: [],
        gradients: 4,
      },
    })),
  };
}

export function errorSplit(): ErrorSplit {
  return {
    q: 1,
    parts: [
      { source: 'direction', share: { mean: 5e5, standardError: 0 }, how: 'law of gaussian directions' },
      { source: 'curvature', share: { mean: 3000, standardError: 400 }, how: 'tr H and |H|_F' },
      { source: 'rounding', share: { mean: 1.2, standardError: 0.3 }, how: 'differences' },
    ],
    predicted: { mean: 503001.2, standardError: 400 },
    measured: { mean: 6e5, standardError: 1e5 },
  };
}

export function curvature(trace = 12): CurvatureReport {
  const next = stream(8);
  return {
    dimension: 5e5,
    probes: 12,
    trace: { mean: trace, standardError: 0.9 },
    frobenius2: { mean: 5, standardError: 0.9 },
    largest: 0.46,
    smallest: -0.26,
    change: 0.001,
    effectiveRank: { mean: trace / 0.46, standardError: 2 },
    stableRank: { mean: 23, standardError: 4 },
    tensors: parameters(4).map((parameter) => ({
      parameter,
      trace: { mean: normal(next), standardError: next() },
    })),
    gradients: 48,
  };
}

export function lossLines(smoothed = true): LossLine[] {
  const at = [-1, -0.5, 0, 0.5, 1];
  return ['u', 'g'].map((axis, i) => ({
    axis,
    at,
    loss: at.map((t) => 1 + (i + 1) * t * t + 0.1 * t),
    center: 1,
    ...(smoothed && {
      smoothed: {
        epsilon: 0.02,
        loss: at.map((t) => ({ mean: 1.1 + (i + 1) * t * t, standardError: 0.01 })),
      },
    }),
  }));
}

export function lossPlane(path = true): LossPlane {
  const [x, y] = [[-1, 0, 1], [-2, 0, 2]]; // prettier-ignore
  const loss = y.map((b) => x.map((a) => a * a + b * b + 1));
  return {
    axes: ['first axis', 'second axis'],
    x: x,
    y: y,
    loss,
    center: 1,
    ...(path && {
      smoothed: { epsilon: 0.02, loss: loss.map((row) => row.map((v) => v + 0.1)) },
      path: [
        { x: 1, y: 2, length: 3, off: 1 },
        { x: 0, y: 0, length: 0, off: 0 },
      ],
    }),
  };
}

/** Steps about the best ones, ZO 6 times shorter. */
export function descent(): DescentReport {
  const settings = { estimator: 'one-sided', epsilon: 1e-3, queries: 1, law: 'gaussian', rank: 2 } as const;
  const change = (m: number) => -0.1 * (2 * m - m * m);
  return {
    settings,
    dimension: 1e6,
    draws: 32,
    loss: 2,
    gradientNorm: 2,
    trace: { mean: 12, standardError: 1 },
    along: 10 / 3,
    best: { FO: 0.3, ZO: 0.05 },
    slowdown: 6,
    FO: [0.5, 1, 2].map((m) => ({ rate: 0.3 * m, change: 6 * change(m), law: 6 * change(m) })),
    ZO: [0.5, 1, 2].map((m) => ({
      rate: 0.05 * m,
      change: { mean: change(m), standardError: 0.02 },
      law: change(m),
    })),
  };
}

/** A made-up sweep with routes; where the loss bends down there are no steps. */
export function routesSweep(values: readonly string[], down = false): SweepReport {
  const m = (mean: number, standardError: number) => ({ mean, standardError });
  const base = sweep(values);
  const best = { rate: 0.1, decrease: 0.01, slowdown: 20 };
  return {
    axis: 'supervised',
    points: base.points.map((p, i) => ({
      ...p,
      routes: {
        batches: 4,
        dimension: 1000,
        loss: m(1 + i, 0.1),
        gradientNorm: m(3, 0.1),
        variance: m(1000, 50),
        varianceLaw: 1001,
        cosine: m(0.03, 0.002),
        cosineLaw: 0.0316,
        noise: { ...p.noise!, ratio: m(0.5, 0.1) },
        K: m(1e-3, 1e-4),
        trace: m(down ? -100 : 100, 20),
        along: m(5, 1),
        largest: 10,
        rounding: 1e-8,
        own: best,
        whole: best,
        stepsForPercent: down ? m(NaN, NaN) : m(12 * (i + 1), 3),
        slowdown: down ? m(NaN, NaN) : m(20, 2),
        settings: p.report.settings,
        draws: 16,
        reports: [p.report],
      },
    })),
  };
}
