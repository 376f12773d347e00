import { z } from 'zod';

/** Names of the files of a trained model, under `model/` of its run's artifacts. */
export const MODEL_FILES = {
  topology: 'model.json',
  weights: 'weights.bin',
  preparation: 'preparation.json',
  onnx: 'model.onnx',
  signature: 'signature.json',
} as const;

/** Data types of the Open Inference Protocol V2. */
export const DatatypeSchema = z.enum([
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
]);
export type Datatype = z.infer<typeof DatatypeSchema>;

/** -1 in a shape is a free dimension. A nullable input takes JSON null (NaN in binary) for a missing number, null for a missing text. */
export const TensorSpecSchema = z.strictObject({
  name: z.string().min(1),
  datatype: DatatypeSchema,
  shape: z.array(z.int().min(-1)),
  nullable: z.boolean().optional(),
});
export type TensorSpec = z.infer<typeof TensorSpecSchema>;

/** What callers send (raw, unprepared columns) and get. */
export const SignatureSchema = z.strictObject({
  inputs: z.array(TensorSpecSchema).min(1),
  outputs: z.array(TensorSpecSchema).min(1),
  classes: z.array(z.string()).optional(),
});
export type Signature = z.infer<typeof SignatureSchema>;

export const ClassScoreSchema = z.strictObject({
  label: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  support: z.int(),
});

/**
 * Scores of a classifier on one part. Confusion matrix: row = true class, column = predicted class, in the order of `classes`. A class
 * without predictions has precision 0, one without rows recall 0 (as scikit-learn's zero_division=0); macro = plain mean over classes.
 */
export const ClassificationReportSchema = z.strictObject({
  rows: z.int(),
  loss: z.number(),
  accuracy: z.number(),
  precisionMacro: z.number(),
  recallMacro: z.number(),
  f1Macro: z.number(),
  perClass: z.array(ClassScoreSchema),
  classes: z.array(z.string()),
  confusion: z.array(z.array(z.int())),
});
export type ClassificationReport = z.infer<typeof ClassificationReportSchema>;

/** A file of a model version: its path inside the model's folder, its size in bytes and its SHA-256. */
export const ManifestFileSchema = z.strictObject({ path: z.string(), size: z.int().nonnegative(), sha256: z.string() });
export type ManifestFile = z.infer<typeof ManifestFileSchema>;

/** A format that a version holds. `unsafe`: loading it can execute code. */
export const HeldFormatSchema = z.strictObject({ name: z.string(), unsafe: z.boolean(), paths: z.array(z.string()) });
export type HeldFormat = z.infer<typeof HeldFormatSchema>;

/** What a model computes, as far as its files say without being run. */
export const GraphSummarySchema = z.strictObject({
  /** Operators or layer classes, and how often each occurs. */
  operators: z.record(z.string(), z.int()),
  /** Trainable and other weights together. */
  parameters: z.number().nullable(),
});
export type GraphSummary = z.infer<typeof GraphSummarySchema>;

/** `unsafe`: it holds what can execute code. `refused`: something in it is broken or hostile; nothing of it is used. */
export const ScanResultSchema = z.strictObject({
  outcome: z.enum(['clean', 'unsafe', 'refused']),
  problems: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })),
  formats: z.array(HeldFormatSchema),
  graphs: z.record(z.string(), GraphSummarySchema),
  /** What the files themselves say that callers send and get; not measured. */
  signature: SignatureSchema.nullable(),
  /** What the files themselves give as an example of a request; JSON, null when there is none, absent in scans of before it was looked for. */
  example: z.unknown().optional(),
});
export type ScanResult = z.infer<typeof ScanResultSchema>;

/** One row in the form of a request of the Open Inference Protocol, and what the version answers. */
export const ModelExampleSchema = z.strictObject({
  inputs: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null(), z.array(z.number().nullable())])),
  outputs: z.record(z.string(), z.array(z.number())).nullable(),
});
export type ModelExample = z.infer<typeof ModelExampleSchema>;
