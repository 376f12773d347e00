import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ArtifactsService } from './artifacts.service.js';
import { ArtifactsStore } from './artifacts.store.js';
import { ArtifactsView } from './artifacts.view.js';
import { DirectArtifacts } from './direct-artifacts.service.js';
import { ExperimentsService } from './experiments.service.js';
import { ExperimentsStore } from './experiments.store.js';
import * as loggedModels from './logged-model.entities.js';
import { LoggedModelsService } from './logged-models.service.js';
import { LoggedModelsStore } from './logged-models.store.js';
import { LoggedModelsView } from './logged-models.view.js';
import { LoggingService } from './logging.service.js';
import { LoggingStore } from './logging.store.js';
import { MetricAnnouncements } from './metric-announcements.js';
import { RunLogView } from './run-log.view.js';
import { RunsService } from './runs.service.js';
import { RunsStore } from './runs.store.js';
import { ExperimentSearch } from './search/experiment-search.view.js';
import { MetricHistory } from './search/metric-history.view.js';
import { MetricKeys } from './search/metric-keys.view.js';
import { MetricSeries } from './search/metric-series.view.js';
import { RunDetailsView } from './search/run-details.view.js';
import { RunGroups } from './search/run-groups.view.js';
import { RunSearch } from './search/run-search.view.js';
import * as entities from './tracking.entities.js';
import { TrackingView } from './tracking.view.js';
import * as trash from './trash.entities.js';
import { TrashService } from './trash.service.js';
import { TrashStore } from './trash.store.js';

const SERVICES = [
  ExperimentsService,
  RunsService,
  LoggingService,
  ArtifactsService,
  DirectArtifacts,
  LoggedModelsService,
  TrashService,
];
const STORES = [ExperimentsStore, RunsStore, LoggingStore, ArtifactsStore, LoggedModelsStore, TrashStore];
const VIEWS = [
  TrackingView,
  ArtifactsView,
  RunSearch,
  RunDetailsView,
  ExperimentSearch,
  MetricKeys,
  MetricHistory,
  MetricSeries,
  RunGroups,
  RunLogView,
  LoggedModelsView,
];

@Module({
  imports: [TypeOrmModule.forFeature([...Object.values(entities), ...Object.values(loggedModels), ...Object.values(trash)])],
  providers: [...STORES, MetricAnnouncements, ...SERVICES, ...VIEWS],
  exports: [...SERVICES, ...VIEWS],
})
export class TrackingModule {}
