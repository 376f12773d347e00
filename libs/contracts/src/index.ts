export {
  ColumnProfileSchema, ColumnSchema, ColumnTypeSchema, DatasetProfileSchema, FindingSchema,
  type Cell, type Column, type ColumnProfile, type ColumnType, type DatasetProfile, type Finding, type Table,
} from './table.js';
export {
  FittedPreparationSchema, NumericFeatureSchema, TextFeatureSchema, TrainingSpecSchema,
  type FittedPreparation, type TrainingSpec, type TrainingSpecInput,
} from './training-spec.js';
export {
  ClassificationReportSchema, ClassScoreSchema, DatatypeSchema, MODEL_FILES, SignatureSchema, TensorSpecSchema,
  type ClassificationReport, type Datatype, type Signature, type TensorSpec,
} from './model-files.js';
export {
  ComparisonSchema, EvaluatedModelSchema, EvaluationRequestSchema, EvaluationResultSchema,
  type Comparison, type EvaluationRequest, type EvaluationResult,
} from './evaluation.js';
