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

/** How a data set version is put to a model that the platform did not train: which column is the truth, and how rows become inputs. */
export const EvaluationDataSchema = z.strictObject({
  datasetVersionId: z.string(),
  /** Column with the truth. Rows without it are left out. */
  label: z.string().min(1),
  /** Columns in the order in which a model with one input takes them; else as its own description says, or all but the label. */
  features: z.array(z.string().min(1)).min(1).max(10_000).optional(),
  /** Names of the classes in the order of the model's scores, where it answers by scores alone. */
  classes: z.array(z.string()).min(2).max(10_000).optional(),
});
export type EvaluationData = z.infer<typeof EvaluationDataSchema>;

/** Input of the child that measures an ONNX model of others: paths of the model, of the files beside it by their names, and of the Parquet table. */
export const ForeignEvaluationRequestSchema = z.strictObject({
  model: z.string(),
  beside: z.record(z.string(), z.string()),
  table: z.string(),
  data: EvaluationDataSchema,
  /** Names of columns as the model's own description lists them. */
  described: z.array(z.string()),
});
export type ForeignEvaluationRequest = z.infer<typeof ForeignEvaluationRequestSchema>;

/** Root mean square and mean absolute error in the label's unit; R² = 1 - residual / total sum of squares, null where the label does not vary. */
export const RegressionReportSchema = z.strictObject({
  rows: z.int(),
  rmse: z.number(),
  mae: z.number(),
  r2: z.number().nullable(),
});
export type RegressionReport = z.infer<typeof RegressionReportSchema>;

/** What an ONNX model of others answers to the rows of a data set version. What it was trained on is not known. */
export const ForeignEvaluationSchema = z.strictObject({
  foreign: z.literal(true),
  data: EvaluationDataSchema,
  backend: z.literal('onnx'),
  /** A loss only where the model gives probabilities whose order of classes is known. */
  test: z.union([ClassificationReportSchema.extend({ loss: z.number().optional() }), RegressionReportSchema]),
  example: ModelExampleSchema,
});
export type ForeignEvaluation = z.infer<typeof ForeignEvaluationSchema>;

/** What stands on a version. */
export type VersionEvaluation = EvaluationResult | ForeignEvaluation;

export function isForeign(evaluation: VersionEvaluation): evaluation is ForeignEvaluation {
  return 'foreign' in evaluation;
}
