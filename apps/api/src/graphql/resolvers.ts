import { MembersResolver } from '../access/members.resolver.js';
import { TokensResolver } from '../access/tokens.resolver.js';
import { AuditResolver } from '../access/audit.resolver.js';
import { ExecutionsResolver } from '../automation/executions.resolver.js';
import { TriggersResolver } from '../automation/triggers.resolver.js';
import { DeliveriesResolver } from '../automation/deliveries.resolver.js';
import { WebhooksResolver } from '../automation/webhooks.resolver.js';
import { DatasetsResolver, DatasetVersionResolver } from '../datasets/datasets.resolver.js';
import { DriftResolver } from '../datasets/drift.resolver.js';
import { EndpointsResolver, RevisionsResolver } from '../deployment/deployment.resolver.js';
import { EventsResolver } from '../events/events.resolver.js';
import { GraphEventsResolver, ImpactEventsResolver } from '../lineage/graph-events.resolver.js';
import { LineageResolver } from '../lineage/lineage.resolver.js';
import { CheckSecretsResolver } from '../registry/check-secrets.resolver.js';
import { EvaluationsOfVersionResolver, EvaluationsResolver } from '../registry/evaluations.resolver.js';
import { ModelVersionsResolver } from '../registry/model-versions.resolver.js';
import { ModelsResolver } from '../registry/models.resolver.js';
import { StageFlowsResolver, StageHistoryResolver, StageStaysResolver } from '../registry/stage-flows.resolver.js';
import { VersionSheetsResolver } from '../registry/version-sheets.resolver.js';
import { ApprovalsResolver, StageRequestsResolver } from '../registry/stage-requests.resolver.js';
import { ArtifactsResolver } from '../tracking/artifacts.resolver.js';
import { ExperimentsResolver } from '../tracking/experiments.resolver.js';
import { HistoryResolver } from '../tracking/history.resolver.js';
import { LoggedModelChangesResolver } from '../tracking/logged-model-changes.resolver.js';
import { LoggedModelMetricsResolver, LoggedModelsResolver, ModelsOfRunResolver } from '../tracking/logged-models.resolver.js';
import { RunChangesResolver } from '../tracking/run-changes.resolver.js';
import { PreviewResolver } from '../tracking/preview.resolver.js';
import { RunListResolver } from '../tracking/run-changes.live.js';
import { RunLogResolver } from '../tracking/run-log.resolver.js';
import { RunsResolver } from '../tracking/runs.resolver.js';
import { TrashResolver } from '../tracking/trash.resolver.js';
import { ReproductionOfRunResolver, ReproductionsResolver } from '../training/reproduction.resolver.js';
import { TemplatesResolver, TrainingJobsResolver } from '../training/training.resolver.js';
import { NodeResolver } from './node.resolver.js';

/** Every resolver class: what the schema is built from, with a server and without one. */
export const RESOLVERS = [
  NodeResolver,
  MembersResolver,
  TokensResolver,
  AuditResolver,
  DatasetsResolver,
  DatasetVersionResolver,
  DriftResolver,
  ExperimentsResolver,
  RunsResolver,
  RunChangesResolver,
  HistoryResolver,
  RunLogResolver,
  PreviewResolver,
  RunListResolver,
  LoggedModelsResolver,
  LoggedModelMetricsResolver,
  ModelsOfRunResolver,
  LoggedModelChangesResolver,
  ArtifactsResolver,
  TrashResolver,
  TemplatesResolver,
  TrainingJobsResolver,
  ReproductionsResolver,
  ReproductionOfRunResolver,
  ModelsResolver,
  ModelVersionsResolver,
  VersionSheetsResolver,
  CheckSecretsResolver,
  EvaluationsResolver,
  EvaluationsOfVersionResolver,
  StageFlowsResolver,
  StageHistoryResolver,
  StageStaysResolver,
  StageRequestsResolver,
  ApprovalsResolver,
  EndpointsResolver,
  RevisionsResolver,
  TriggersResolver,
  ExecutionsResolver,
  WebhooksResolver,
  DeliveriesResolver,
  LineageResolver,
  GraphEventsResolver,
  ImpactEventsResolver,
  EventsResolver,
];
