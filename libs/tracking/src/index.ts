export { isArtifactPath, type Point, type RunStatus, type Source } from './model/run.js';
export { TrackingModule } from './tracking.module.js';
export { TrackingService, type NewRun } from './tracking.service.js';
export {
  TrackingView,
  type CurvePoint,
  type ExperimentRow,
  type LatestMetric,
  type RunFilter,
  type RunRow,
} from './tracking.view.js';
