/**
 * Every error that hi-zfo raises on purpose. The message says what was wrong, what was given and what to do next.
 */
export class HiZfoError extends Error {
  override name = 'HiZfoError';
}

/** A setting is out of its range or does not fit the model, task or partition. Raised before anything is changed. */
export class ConfigError extends HiZfoError {
  override name = 'ConfigError';
}

/** A file is missing, cut short, or not in the format it claims. */
export class FormatError extends HiZfoError {
  override name = 'FormatError';
}

/** A saved run cannot be written or continued. */
export class CheckpointError extends HiZfoError {
  override name = 'CheckpointError';
}

/** A tensor engine is missing, does not compute, or is out of memory. */
export class EngineError extends HiZfoError {
  override name = 'EngineError';
}

/** A weight, loss or coefficient is NaN or infinite. */
export class NonFiniteError extends HiZfoError {
  override name = 'NonFiniteError';
}
