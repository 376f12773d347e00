import { DomainError, sha256 } from '#kernel';
import { z } from 'zod';
import type { LearnerState } from './learner.js';

const HEADER_LENGTH_BYTES = 8;
const MAX_HEADER_BYTES = 64 * 1024 * 1024;

const MetricsSchema = z.strictObject({ loss: z.number(), accuracy: z.number(), val_loss: z.number(), val_accuracy: z.number() });
const EpochSchema = z.strictObject({ epoch: z.int().positive(), metrics: MetricsSchema });
/** What is reported of one epoch (1-based). */
export type EpochResult = z.infer<typeof EpochSchema>;

const HeaderSchema = z.strictObject({
  format: z.literal('tailrace-checkpoint'),
  version: z.literal(1),
  fingerprint: z.string(),
  epoch: z.int().positive(),
  adamStep: z.int().nonnegative(),
  best: z.strictObject({ epoch: z.int().positive(), loss: z.number() }),
  wait: z.int().nonnegative(),
  history: z.array(EpochSchema),
  dataSha256: z.string(),
});

/** How far a training has come: all that the next epoch depends on. */
export interface Progress {
  readonly epoch: number;
  readonly learner: LearnerState;
  readonly best: { readonly epoch: number; readonly loss: number; readonly weights: readonly Float32Array[] };
  /** Epochs since the best one. */
  readonly wait: number;
  readonly history: EpochResult[];
}

/**
 * Binary checkpoint: header length (uint64, little-endian), JSON header, then float32 data (little-endian) of the weights, Adam's first and
 * second moments and the best weights, each in the order of the network's variables.
 */
export function encodeCheckpoint(progress: Progress, fingerprint: string): Uint8Array {
  const { weights, adam } = progress.learner;
  const arrays = [...weights, ...adam.first, ...adam.second, ...progress.best.weights];
  const data = Buffer.concat(arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)));
  const header = Buffer.from(
    JSON.stringify({
      format: 'tailrace-checkpoint',
      version: 1,
      fingerprint,
      epoch: progress.epoch,
      adamStep: adam.step,
      best: { epoch: progress.best.epoch, loss: progress.best.loss },
      wait: progress.wait,
      history: progress.history,
      dataSha256: sha256(data),
    } satisfies z.infer<typeof HeaderSchema>),
  );
  const length = Buffer.alloc(HEADER_LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}

/**
 * Reads a checkpoint of the training that `fingerprint` names, for variables of `sizes` elements. Throws BAD_CHECKPOINT when it is
 * truncated, damaged, of another format, or of another training.
 */
export function decodeCheckpoint(bytes: Uint8Array, fingerprint: string, sizes: readonly number[]): Progress {
  const { header, data } = parse(bytes);
  if (header.fingerprint !== fingerprint) throw bad('it belongs to another training (other data, network or optimizer)');
  const expected = 4 * 4 * sizes.reduce((sum, size) => sum + size, 0);
  if (data.byteLength !== expected) throw bad(`it holds ${data.byteLength} bytes of data, expected ${expected}`);
  if (sha256(data) !== header.dataSha256) throw bad('its data are damaged');
  // A copy (Buffer.slice makes none) is 4-byte aligned, whatever the length of the header was.
  const values = new Float32Array(new Uint8Array(data).buffer);
  const [weights, first, second, best] = [0, 1, 2, 3].map((part) => cut(values, sizes, part * (expected / 16)));
  return {
    epoch: header.epoch,
    learner: { weights: weights!, adam: { step: header.adamStep, first: first!, second: second! } },
    best: { ...header.best, weights: best! },
    wait: header.wait,
    history: header.history,
  };
}

function parse(bytes: Uint8Array): { header: z.infer<typeof HeaderSchema>; data: Uint8Array } {
  if (bytes.byteLength < HEADER_LENGTH_BYTES) throw bad('it is truncated');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) throw bad('it is not a checkpoint');
  const end = HEADER_LENGTH_BYTES + Number(length);
  if (end > bytes.byteLength) throw bad('it is truncated');
  const header = HeaderSchema.safeParse(parseJson(bytes.subarray(HEADER_LENGTH_BYTES, end)));
  if (!header.success) throw bad('its header is not that of a checkpoint');
  return { header: header.data, data: bytes.subarray(end) };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function cut(values: Float32Array, sizes: readonly number[], start: number): Float32Array[] {
  let offset = start;
  return sizes.map((size) => values.slice(offset, (offset += size)));
}

function bad(why: string): DomainError {
  return new DomainError('BAD_CHECKPOINT', `the checkpoint cannot be used: ${why}`, 'resume');
}
