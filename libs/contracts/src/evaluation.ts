import { z } from 'zod';
import { ClassificationReportSchema, ModelExampleSchema, SignatureSchema } from './model-files.js';
import { TrainingSpecSchema } from './training-spec.js';

/** A model as an evaluation child finds it: a folder with the files of MODEL_FILES, its spec, and the Parquet table it was trained on. */
export const EvaluatedModelSchema = z.strictObject({
  dir: z.string(),
  spec: TrainingSpecSchema,
  trainingTable: z.string(),
});

/** How the difference of two models is to be judged; see the gates `not_worse` and `better`. */
export const BootstrapSchema = z.strictObject({
  score: z.enum(['f1_macro', 'accuracy']),
  resamples: z.int().min(2000).max(20_000),
  seed: z.int(),
  confidence: z.number(),
});
export type Bootstrap = z.infer<typeof BootstrapSchema>;

/** Candidate minus champion on the same rows, and the two-sided percentile interval of it. */
export const DifferenceSchema = BootstrapSchema.extend({ observed: z.number(), lower: z.number(), upper: z.number() });
export type Difference = z.infer<typeof DifferenceSchema>;

/** Input of the evaluation child: judge `candidate` on `table`, and `champion` on the same test rows when there is one. */
export const EvaluationRequestSchema = z.strictObject({
  candidate: EvaluatedModelSchema,
  champion: EvaluatedModelSchema.optional(),
  /** Differences to the champion that gates ask for. */
  bootstraps: z.array(BootstrapSchema).default([]),
});
export type EvaluationRequest = Omit<z.infer<typeof EvaluationRequestSchema>, 'bootstraps'> & {
  readonly bootstraps?: readonly Bootstrap[];
};

export const ComparisonSchema = z.discriminatedUnion('comparable', [
  z.strictObject({
    comparable: z.literal(true),
    rows: z.int(),
    candidate: ClassificationReportSchema,
    champion: ClassificationReportSchema,
    differences: z.array(DifferenceSchema),
  }),
  z.strictObject({ comparable: z.literal(false), reason: z.string() }),
]);
export type Comparison = z.infer<typeof ComparisonSchema>;

export const EvaluationResultSchema = z.strictObject({
  signature: SignatureSchema,
  validation: ClassificationReportSchema,
  test: ClassificationReportSchema,
  parity: z.strictObject({ rows: z.int(), maxAbsDiff: z.number() }),
  comparison: ComparisonSchema.optional(),
  backend: z.string(),
  /** A test row as callers send it, with the answer; absent in evaluations of before there were examples. */
  example: ModelExampleSchema.optional(),
});
export type EvaluationResult = z.infer<typeof EvaluationResultSchema>;
