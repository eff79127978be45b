import type { Tensor1D } from '@tensorflow/tfjs';
import { ConfigError } from '../errors.ts';
import type { AttentionPositions } from '../engine/engine.ts';
import { tf } from '../engine/tf.ts';
import { PrefixRows } from './adapters/prefix-rows.ts';
import type { DecoderConfig } from './config.ts';
import { attentionPositions, learnedPlaces } from './positions.ts';

/** A right-padded batch of token ids and where its loss is taken; made by `collate` in src/data. */
export interface TokenBatch {
  /** Token ids, row by row, batch * length of them. */
  ids: Int32Array;
  batch: number;
  length: number;
  /** Rows b * length + t whose next token is supervised. */
  positions: Int32Array;
  /** The token to predict at each of `positions`. */
  targets: Int32Array;
  /** Tokens that a prediction chooses among, every target one of them; the whole vocabulary when left out. */
  candidates?: Int32Array;
}

/** A batch on the engine. Dispose it after use. */
export class DeviceBatch {
  readonly ids: Tensor1D;
  readonly positions: Tensor1D;
  /** Targets as rows of the head, or of `candidates` where there are some. */
  readonly targets: Tensor1D;
  /** Tokens that the softmax ranges over; all when undefined. */
  readonly candidates: Tensor1D | undefined;
  /** What attention knows of positions, those of the prefix included. */
  readonly attention: AttentionPositions;
  /** Rows of the table of learned positions, where the model has one. */
  readonly places: Tensor1D | undefined;
  /** How the rows go together with those of a prefix, where the model has one. */
  readonly prefix: PrefixRows | undefined;
  readonly batch: number;
  readonly length: number;

  /** Checks the batch against the model's sizes; throws ConfigError before anything is allocated. */
  constructor(b: TokenBatch, config: DecoderConfig) {
    const { vocabulary, maxPositions, prefix } = config;
    const bad = [...b.ids, ...b.targets, ...(b.candidates ?? [])].find((id) => id < 0 || id >= vocabulary);
    if (bad !== undefined) {
      throw new ConfigError(
        `Token id ${bad} is outside the model's vocabulary of ${vocabulary}. Do tokenizer and model belong together?`,
      );
    }
    if (b.targets.length === 0)
      throw new ConfigError('The batch has no supervised token: every completion is empty.');
    if (b.length > maxPositions) {
      throw new ConfigError(
        `Length ${b.length} is more than the model's ${maxPositions} positions${prefix ? ` after a prefix of ${prefix}` : ''}. Cut the examples.`,
      );
    }
    const targets = b.candidates ? placesOf(b.targets, b.candidates) : b.targets;
    this.batch = b.batch;
    this.length = b.length;
    const places = Array.from(b.ids, (_, i) => i % b.length);
    try {
      this.ids = tf.tensor1d(b.ids, 'int32');
      this.positions = tf.tensor1d(b.positions, 'int32');
      this.targets = tf.tensor1d(targets, 'int32');
      this.candidates = b.candidates && tf.tensor1d(b.candidates, 'int32');
      this.attention = attentionPositions(config, b.length);
      if (prefix > 0) this.prefix = new PrefixRows(prefix, b.batch, b.length);
      this.places = learnedPlaces(config, places);
    } catch (error) {
      this.dispose(); // what there is of it
      throw error;
    }
  }

  /** Number of supervised tokens. */
  get supervised(): number {
    return this.targets.size;
  }

  dispose(): void {
    tf.dispose([this.ids, this.positions, this.targets]);
    this.candidates?.dispose();
    this.places?.dispose();
    this.prefix?.dispose();
    if (this.attention) tf.dispose(Object.values(this.attention));
  }
}

/** Where each target stands among the candidates. */
function placesOf(targets: Int32Array, candidates: Int32Array): Int32Array {
  const places = new Map(Array.from(candidates, (id, i) => [id, i]));
  const missing = targets.find((id) => !places.has(id));
  if (missing !== undefined || places.size < candidates.length) {
    const what = missing === undefined ? 'hold a token twice' : `lack the target ${missing}`;
    throw new ConfigError(
      `The ${candidates.length} candidates of the batch ${what}; give every target once.`,
    );
  }
  return targets.map((id) => places.get(id)!);
}
