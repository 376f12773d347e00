import { z } from 'zod';
import { ClassificationReportSchema, SignatureSchema } from './model-files.js';
import { TrainingSpecSchema } from './training-spec.js';

/** A model as an evaluation child finds it: a folder with the files of MODEL_FILES, its spec, and the Parquet table it was trained on. */
export const EvaluatedModelSchema = z.strictObject({
  dir: z.string(),
  spec: TrainingSpecSchema,
  trainingTable: z.string(),
});

/** Input of the evaluation child: judge `candidate` on `table`, and `champion` on the same test rows when there is one. */
export const EvaluationRequestSchema = z.strictObject({
  candidate: EvaluatedModelSchema,
  champion: EvaluatedModelSchema.optional(),
});
export type EvaluationRequest = z.infer<typeof EvaluationRequestSchema>;

export const ComparisonSchema = z.discriminatedUnion('comparable', [
  z.strictObject({
    comparable: z.literal(true),
    rows: z.int(),
    candidate: ClassificationReportSchema,
    champion: ClassificationReportSchema,
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
});
export type EvaluationResult = z.infer<typeof EvaluationResultSchema>;
