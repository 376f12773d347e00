export { isArtifactPath } from './model/artifact-path.js';
export { ArtifactsService } from './artifacts.service.js';
export { ArtifactsView, type ArtifactEntry, type ArtifactFile } from './artifacts.view.js';
export { DirectArtifacts } from './direct-artifacts.service.js';
export { ExperimentsService, type NewExperiment } from './experiments.service.js';
export { LoggedModelsService, type NewLoggedModel } from './logged-models.service.js';
export { LoggedModelsView, type FoundLoggedModel, type LoggedModelMetric, type LoggedModelPage } from './logged-models.view.js';
export { LoggingService, type DatasetInput, type LogInput } from './logging.service.js';
export { type LoggedModelStatus } from './model/logged-model.js';
export { MAX_LINE, STREAMS, type LogLine, type Stream } from './model/log-line.js';
export { LOG_START, RunLogView, type LogPosition, type ReadLine } from './run-log.view.js';
export { hasEnded, type Point, type RunStatus, type Source } from './model/run.js';
export { RunsService, type NewRun, type RunPatch } from './runs.service.js';
export {
  ExperimentSearch,
  type ExperimentCondition,
  type DatasetSummary,
  type ExperimentQuery,
  type ExperimentPlace,
  type FoundExperiment,
} from './search/experiment-search.view.js';
export { MetricKeys } from './search/metric-keys.view.js';
export { compare, type Compared } from './model/compare.js';
export { MetricSeries, type Axis, type Sampling, type Series } from './search/metric-series.view.js';
export { RunGroups, type GroupBy, type RunGroup } from './search/run-groups.view.js';
export { MetricHistory, type PointText } from './search/metric-history.view.js';
export { NO_DETAILS, pairsOf, RunDetailsView, type RunDetails } from './search/run-details.view.js';
export {
  type LoggedModelCondition,
  type LoggedModelOrder,
  type LoggedModelQuery,
  type OnDataset,
} from './search/logged-model-query.js';
export {
  type Condition,
  type Order,
  type OrderField,
  type RunQuery,
  type TextAttribute,
  type TimeAttribute,
} from './search/run-query.js';
export { RunSearch, type FoundRun, type FoundRuns, type RunPage } from './search/run-search.view.js';
export { TrashService, type Purged } from './trash.service.js';
export { TrackingModule } from './tracking.module.js';
export { TrackingView, type CurvePoint, type LatestMetric } from './tracking.view.js';
