import { Injectable } from '@nestjs/common';
import type { TargetsPort } from '#automation';
import { DatasetReads } from '#reads/datasets';
import { DeploymentReads } from '#reads/deployment';
import { RegistryReads } from '#reads/registry';
import { TrainingReads } from '#reads/training';

/** What actions of triggers name, from the domains that it belongs to. */
@Injectable()
export class DomainTargets implements TargetsPort {
  constructor(
    private readonly datasets: DatasetReads,
    private readonly training: TrainingReads,
    private readonly registry: RegistryReads,
    private readonly deployment: DeploymentReads,
  ) {}

  template = (workspaceId: string, id: string) => this.training.template(workspaceId, id);
  dataset = (workspaceId: string, id: string) => this.datasets.place(workspaceId, id);
  model = (workspaceId: string, id: string) => this.registry.model(workspaceId, id);
  endpoint = (workspaceId: string, id: string) => this.deployment.endpoint(workspaceId, id);

  async modelVersion(workspaceId: string, id: string): Promise<{ project: string; modelId: string } | undefined> {
    const version = await this.registry.version(workspaceId, id);
    const model = version && (await this.registry.model(workspaceId, version.modelId));
    return model && { project: model.project, modelId: model.id };
  }
}
