export const TRAINING_OPTIONS = Symbol('TrainingOptions');

export interface TrainingOptions {
  readonly leaseSeconds: number;
  /** An expired lease is taken away only after this long. */
  readonly graceSeconds: number;
  readonly heartbeatSeconds: number;
  readonly maxAttempts: number;
  readonly backend: 'auto' | 'gpu' | 'wasm' | 'cpu';
}
