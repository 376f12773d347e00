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
export {
  EVENT_NAMES, eventName, EVENTS, eventType, MAX_HOPS, type EventData, type EventName, type LoggedEvent,
} from './events/catalogue.js';
export { queueName, ROUTES, SUBSCRIBER_NAMES, SUBSCRIBERS, type SubscriberName, type SubscriberSettings } from './subscribers.js';
export {
  defaultStageFlow, GateResultSchema, GateSchema, StageFlowSchema, StageSchema,
  type Gate, type GateResult, type Stage, type StageFlow,
} from './stage-flow.js';
export {
  CheckpointSchema, ClaimSchema, FinishSchema, HeartbeatAnswerSchema, HeartbeatSchema, LogMetricsSchema, LogParamsSchema, MetricPointSchema,
  type Claim, type Finish, type MetricPoint,
} from './attempt-protocol.js';
export {
  CallerSchema, DesiredRevisionSchema, DesiredStateSchema, ObservedStateSchema, parsePredictionId, predictionId,
  type Caller, type DesiredRevision, type DesiredState, type ObservedState,
} from './inference.js';
