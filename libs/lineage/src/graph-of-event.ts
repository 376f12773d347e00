import { eventType, type EventData, type EventName, type LoggedEvent } from '#contracts';
import { kindOfId } from '#kernel';

export interface GraphNode {
  readonly kind: string;
  readonly id: string;
  /** Absent where another event names it. */
  readonly label?: string;
}
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly relation: string;
}
export interface GraphPart {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

type Rule<N extends EventName> = (data: EventData<N>) => GraphPart;

/** What each event says about the graph. Every edge carries both ends, so that the graph can be rebuilt from the log alone. */
const RULES: { readonly [N in EventName]?: Rule<N> } = {
  'dataset.created': (d) => ({ nodes: [{ kind: 'dataset', id: d.datasetId, label: d.name }], edges: [] }),
  'dataset_version.created': (d) => ({
    nodes: [
      { kind: 'dataset_version', id: d.versionId, label: `version ${d.number}` },
      { kind: 'blob', id: d.blob, label: d.blob.slice(0, 12) },
    ],
    edges: [
      { from: d.versionId, to: d.datasetId, relation: 'version_of' },
      { from: d.versionId, to: d.blob, relation: 'stored_as' },
      ...(d.parentId ? [{ from: d.versionId, to: d.parentId, relation: 'derived_from' }] : []),
    ],
  }),
  'template.created': (d) => ({ nodes: [{ kind: 'template', id: d.templateId, label: d.name }], edges: [] }),
  'run.started': (d) => ({
    nodes: [{ kind: 'run', id: d.runId, label: `run ${d.runId.slice(-6)}` }],
    edges: d.datasetVersionIds.map((to) => ({ from: d.runId, to, relation: 'trained_on' })),
  }),
  'training_job.queued': (d) => ({
    nodes: [{ kind: 'training_job', id: d.jobId, label: `job ${d.jobId.slice(-6)}` }],
    edges: [
      { from: d.runId, to: d.jobId, relation: 'made_by' },
      { from: d.jobId, to: d.templateId, relation: `revision ${d.templateRevision} of` },
    ],
  }),
  'training_job.succeeded': (d) => ({
    nodes: [
      { kind: 'code', id: `code:${d.code}`, label: d.code },
      { kind: 'engine', id: `engine:${d.engine} on ${d.backend}`, label: `${d.engine} on ${d.backend}` },
    ],
    edges: [
      { from: d.runId, to: `code:${d.code}`, relation: 'ran' },
      { from: d.runId, to: `engine:${d.engine} on ${d.backend}`, relation: 'computed_by' },
    ],
  }),
  'model.created': (d) => ({ nodes: [{ kind: 'model', id: d.modelId, label: d.name }], edges: [] }),
  'model_version.created': (d) => ({
    nodes: [
      { kind: 'model_version', id: d.versionId, label: `version ${d.number}` },
      ...(d.loggedModelId ? [{ kind: 'logged_model', id: d.loggedModelId }] : []),
    ],
    edges: [
      ...(d.runId && kindOfId(d.runId) === 'run' ? [{ from: d.versionId, to: d.runId, relation: 'produced_by' }] : []),
      ...(d.loggedModelId ? [{ from: d.versionId, to: d.loggedModelId, relation: 'registered_from' }] : []),
      { from: d.versionId, to: d.modelId, relation: 'version_of' },
    ],
  }),
  'endpoint.created': (d) => ({ nodes: [{ kind: 'endpoint', id: d.endpointId, label: d.name }], edges: [] }),
  'deployment.created': (d) => ({
    nodes: [{ kind: 'revision', id: d.revisionId, label: `revision ${d.number}` }],
    edges: [
      { from: d.revisionId, to: d.modelVersionId, relation: 'serves' },
      { from: d.revisionId, to: d.endpointId, relation: 'revision_of' },
    ],
  }),
  'trigger.created': (d) => ({ nodes: [{ kind: 'trigger', id: d.triggerId, label: d.name }], edges: [] }),
  'trigger.fired': (d) => ({
    nodes: [{ kind: 'trigger_execution', id: d.executionId, label: `execution ${d.executionId.slice(-6)}` }],
    edges: [{ from: d.executionId, to: d.triggerId, relation: 'execution_of' }],
  }),
  'trigger.acted': startedBy,
  'trigger.completed': startedBy,
};

/** What an execution has made rests on it. */
function startedBy({ executionId, outcome }: EventData<'trigger.acted'>): GraphPart {
  const made = [outcome.jobId, outcome.revisionId].filter((id) => id !== undefined);
  return { nodes: [], edges: made.map((from) => ({ from, to: executionId, relation: 'started_by' })) };
}

/** Types of events that say something about the graph. */
export const DRAWN: readonly string[] = (Object.keys(RULES) as EventName[]).map(eventType);

export function graphOfEvent(event: LoggedEvent): GraphPart {
  const rule = RULES[event.name] as ((data: unknown) => GraphPart) | undefined;
  return rule ? rule(event.data) : { nodes: [], edges: [] };
}
