import { Injectable } from '@nestjs/common';
import type { Facts, FactsPort } from '#automation';
import type { EventName } from '#contracts';
import { DatasetReads } from '#reads/datasets';
import { DeploymentReads } from '#reads/deployment';
import { RegistryReads } from '#reads/registry';
import { TrackingReads } from '#reads/tracking';
import { measuredFigures } from '#registry';

type Data = Readonly<Record<string, unknown>>;

/** What triggers may know of the subject of an event, as its domain has it now. The names are those of the catalogue in automation's `facts.ts`. */
@Injectable()
export class SubjectFacts implements FactsPort {
  constructor(
    private readonly datasets: DatasetReads,
    private readonly tracking: TrackingReads,
    private readonly registry: RegistryReads,
    private readonly deployment: DeploymentReads,
  ) {}

  async of(workspaceId: string, event: { readonly name: EventName; readonly data: unknown }): Promise<Facts> {
    const data = event.data as Data;
    const id = (field: string) => (typeof data[field] === 'string' ? data[field] : '');
    switch (event.name.split('.')[0]) {
      case 'dataset_version':
        return (await this.datasets.figures(workspaceId, id('versionId'))) ?? {};
      case 'dataset':
        return { dataset: id('name'), project: id('project') };
      case 'run':
      case 'training_job':
        return this.ofRun(workspaceId, id('runId'));
      case 'experiment':
        return present({ project: await this.tracking.projectOfExperiment(workspaceId, id('experimentId')) });
      case 'model':
      case 'model_version':
        return this.ofModel(workspaceId, id('modelId'), id('versionId'));
      case 'endpoint':
      case 'deployment': {
        const endpoint = await this.deployment.endpoint(workspaceId, id('endpointId'));
        return endpoint ? { endpoint: endpoint.name, project: endpoint.project } : {};
      }
      default:
        return present({ project: id('project') || undefined });
    }
  }

  private async ofRun(workspaceId: string, runId: string): Promise<Facts> {
    const run = await this.tracking.figures(workspaceId, runId);
    if (!run) return {};
    const { tags, metrics, ...rest } = run;
    return { ...rest, ...prefixed('tag', tags), ...prefixed('metric', metrics) };
  }

  private async ofModel(workspaceId: string, modelId: string, versionId: string): Promise<Facts> {
    const model = await this.registry.model(workspaceId, modelId);
    if (!model) return {};
    const facts = { model: model.name, project: model.project };
    const version = versionId ? await this.registry.version(workspaceId, versionId) : undefined;
    if (!version) return facts;
    const { number, stage, evaluation } = version;
    return { ...facts, number, stage, ...(evaluation ? prefixed('figure', measuredFigures(evaluation)) : {}) };
  }
}

function prefixed<T extends string | number>(prefix: string, values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

function present(values: Readonly<Record<string, string | undefined>>): Facts {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
