import { z } from 'zod';
import { EnvironmentSchema, RanSchema } from './ran.js';
import { TrainingSpecSchema } from './training-spec.js';

/** Answer to an attempt's claim: all that it needs to train. Blobs are fetched from `/attempt/v1/blobs/<sha256>` with the same token. */
export const ClaimSchema = z.strictObject({
  jobId: z.string(),
  runId: z.string(),
  attempt: z.int().min(1),
  spec: TrainingSpecSchema,
  /** Parquet table of the data set version. */
  table: z.strictObject({ sha256: z.string(), size: z.int() }),
  /** Last checkpoint of an earlier attempt, with the epoch that it holds. */
  checkpoint: z.strictObject({ sha256: z.string(), epoch: z.int() }).nullable(),
  backend: z.enum(['auto', 'gpu', 'wasm', 'cpu']),
  /** The training does another one anew: what trained that, as far as it is known. `strict`: fail rather than train with anything else. Absent for others, so that older attempts read their claims. */
  reproduces: z.strictObject({ ran: RanSchema.partial(), strict: z.boolean() }).optional(),
  heartbeatMs: z.int(),
});
export type Claim = z.infer<typeof ClaimSchema>;

export const MetricPointSchema = z.strictObject({
  key: z.string().min(1).max(250),
  /** A finite number, or one of the strings NaN, Infinity, -Infinity, which JSON cannot hold as numbers. */
  value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]),
  step: z.int().default(0),
  /** Milliseconds since the epoch. */
  timestamp: z.int().nonnegative(),
});
export type MetricPoint = z.infer<typeof MetricPointSchema>;

export const LogMetricsSchema = z.strictObject({ points: z.array(MetricPointSchema).min(1).max(10_000) });
export const LogParamsSchema = z.strictObject({
  params: z.record(z.string().max(250), z.string().max(6000)).default({}),
  tags: z.record(z.string().max(250), z.string().max(8000)).default({}),
});
/** A line that the attempt printed; `n` is its own count of them, from 0, so that a line that is sent twice is there once. */
export const LogLineSchema = z.strictObject({
  n: z.int().nonnegative(),
  text: z.string().max(8000),
  stream: z.enum(['stdout', 'stderr']).default('stdout'),
  /** Milliseconds since the epoch. */
  at: z.int().nonnegative(),
});
export type AttemptLine = z.infer<typeof LogLineSchema>;
export const LogLinesSchema = z.strictObject({ lines: z.array(LogLineSchema).min(1).max(1000) });
export const CheckpointSchema = z.strictObject({ sha256: z.string(), epoch: z.int().min(0) });
export const HeartbeatSchema = z.strictObject({ epoch: z.int().min(0).optional(), line: z.string().max(4000).optional() });
/** `cancel`: stop at the next step and report `canceled`. */
export const HeartbeatAnswerSchema = z.strictObject({ cancel: z.boolean() });

export const FinishSchema = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('succeeded'),
    /** Path below the run's artifacts -> sha256 of an uploaded blob. */
    artifacts: z.record(z.string(), z.string()),
    /** Package and version of the code, of the engine, and the back end it ran on. */
    code: z.string().max(200),
    engine: z.string().max(200),
    backend: z.string().max(200),
    environment: EnvironmentSchema.optional(),
  }),
  z.strictObject({
    outcome: z.literal('failed'),
    code: z.string().max(64),
    reason: z.string().max(4000),
    /** A bug or bad input fails at once; what may pass by itself is tried again. */
    retry: z.boolean(),
  }),
  z.strictObject({ outcome: z.literal('canceled') }),
]);
export type Finish = z.infer<typeof FinishSchema>;
