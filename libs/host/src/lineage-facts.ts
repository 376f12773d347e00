import { Injectable } from '@nestjs/common';
import { AccessView } from '#access';
import type { LineageFactsPort } from '#automation';
import { DatasetReads } from '#reads/datasets';
import { DeploymentReads } from '#reads/deployment';
import { RegistryReads } from '#reads/registry';
import { TrackingReads } from '#reads/tracking';
import { TrainingReads } from '#reads/training';

/** What OpenLineage asks about subjects of events, from the domains that they belong to. */
@Injectable()
export class LineageFacts implements LineageFactsPort {
  constructor(
    private readonly access: AccessView,
    private readonly datasets: DatasetReads,
    private readonly tracking: TrackingReads,
    private readonly training: TrainingReads,
    private readonly registry: RegistryReads,
    private readonly deployment: DeploymentReads,
  ) {}

  workspaceName = (workspaceId: string) => this.access.workspaceName(workspaceId);
  dataset = (workspaceId: string, id: string) => this.datasets.place(workspaceId, id);
  data = (workspaceId: string, versionIds: readonly string[]) => this.datasets.lineage(workspaceId, versionIds);
  checked = (workspaceId: string, versionId: string) => this.datasets.checked(workspaceId, versionId);
  experiment = (workspaceId: string, id: string) => this.tracking.placeOfExperiment(workspaceId, id);
  run = (workspaceId: string, id: string) => this.tracking.lineage(workspaceId, id);
  trainedBy = (workspaceId: string, runId: string) => this.training.trainedBy(workspaceId, runId);
  datasetOfTemplate = async (workspaceId: string, id: string) => (await this.training.template(workspaceId, id))?.datasetId;
  model = (workspaceId: string, id: string) => this.registry.model(workspaceId, id);
  modelVersion = (workspaceId: string, id: string) => this.registry.lineage(workspaceId, id);
  madeByRun = (workspaceId: string, runId: string) => this.registry.madeByRun(workspaceId, runId);
  verdict = (workspaceId: string, requestId: string) => this.registry.verdict(workspaceId, requestId);
  endpoint = (workspaceId: string, id: string) => this.deployment.endpoint(workspaceId, id);
}
