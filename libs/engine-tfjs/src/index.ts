export { cellsOf, featureColumns, textOf, type FeatureColumns } from './preparation/features.js';
export { rowKeys } from './preparation/row-keys.js';
export { splitRows, splitTable, type Parts, type SplitTable } from './preparation/split.js';
export { featureWidth, fitPreparation, MAX_WIDTH } from './preparation/fit.js';
export { applyPreparation, knownLabelRows, labelIndexes } from './preparation/apply.js';
export {
  listBackends,
  selectBackend,
  type BackendChoice,
  type BackendName,
  type BackendReport,
  type BackendTrial,
} from './backend.js';
export { train, type StopReason, type TrainIo, type TrainRequest, type TrainResult, type TrainStart } from './train.js';
export { type EpochResult } from './checkpoint.js';
export { exportOnnx } from './export-onnx.js';
export { signatureOf } from './signature.js';
export { loadModel, type LoadedModel } from './load-model.js';
export { classificationReport, meanLoss, predict, predictedClasses, scoresOfClasses } from './evaluate.js';
export { pairedBootstrap, type PairedPredictions } from './paired-bootstrap.js';
export { readTable } from './read-parquet.js';
