import { Injectable } from '@nestjs/common';
import { AccessView } from '#access';
import { AutomationView, DeliveriesView, WebhooksView } from '#automation';
import { DatasetsView } from '#datasets';
import { DeploymentView, TrafficView } from '#deployment';
import { EventLog } from '#messaging';
import { RegistryView, StageHistoryView } from '#registry';
import { ExperimentSearch, LoggedModelsView, RunSearch, TrackingView } from '#tracking';
import { TrainingView } from '#training';

/** What the loaders ask of access and of the log. */
@Injectable()
export class AccessViews {
  constructor(
    readonly members: AccessView,
    readonly log: EventLog,
  ) {}
}

/** What the loaders ask of tracking. */
@Injectable()
export class TrackingViews {
  constructor(
    readonly details: TrackingView,
    readonly experiments: ExperimentSearch,
    readonly runs: RunSearch,
    readonly loggedModels: LoggedModelsView,
  ) {}
}

/** What the loaders ask of the registry. */
@Injectable()
export class RegistryViews {
  constructor(
    readonly models: RegistryView,
    readonly stages: StageHistoryView,
  ) {}
}

/** What the loaders ask of deployment. */
@Injectable()
export class DeploymentViews {
  constructor(
    readonly endpoints: DeploymentView,
    readonly traffic: TrafficView,
  ) {}
}

/** What the loaders ask of automation. */
@Injectable()
export class AutomationViews {
  constructor(
    readonly triggers: AutomationView,
    readonly webhooks: WebhooksView,
    readonly deliveries: DeliveriesView,
  ) {}
}

/** Collaborators of the loaders. */
@Injectable()
export class Views {
  constructor(
    readonly access: AccessViews,
    readonly datasets: DatasetsView,
    readonly tracking: TrackingViews,
    readonly training: TrainingView,
    readonly registry: RegistryViews,
    readonly deployment: DeploymentViews,
    readonly automation: AutomationViews,
  ) {}
}
