import { kindOfId, type IdKind } from '#kernel';

/** Kinds of nodes. Those without an id of the platform have one made of `kind:` and what tells them apart; a blob's is its SHA-256. */
export const NODE_KINDS = [
  'dataset',
  'dataset_version',
  'logged_dataset',
  'blob',
  'split',
  'preparation',
  'template',
  'template_revision',
  'code',
  'diff',
  'lockfile',
  'environment',
  'experiment',
  'run',
  'training_job',
  'attempt',
  'checkpoint',
  'logged_model',
  'model',
  'model_version',
  'format',
  'stage_flow',
  'stage_request',
  'gate',
  'approval',
  'endpoint',
  'revision',
  'trigger',
  'trigger_execution',
  'prediction',
] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** What an event says of a node. */
export interface NodeSaid {
  readonly id: string;
  /** Absent where the event does not name it. */
  readonly label?: string;
  /** Project path, where the event has it. */
  readonly project?: string;
  /** Node whose project this one has. */
  readonly within?: string;
  /** What it is from now on: a stage, a status. */
  readonly state?: string;
  /** true: deleted or invalid from now on; false: back again. */
  readonly gone?: boolean;
}

/** `from` rests on `to`. */
export interface EdgeSaid {
  readonly from: string;
  readonly to: string;
  readonly relation: string;
}

export interface GraphPart {
  readonly nodes: readonly NodeSaid[];
  readonly edges: readonly EdgeSaid[];
}

const BY_ID: Partial<Record<IdKind, NodeKind>> = {
  dataset: 'dataset',
  datasetVersion: 'dataset_version',
  experiment: 'experiment',
  run: 'run',
  template: 'template',
  trainingJob: 'training_job',
  loggedModel: 'logged_model',
  model: 'model',
  modelVersion: 'model_version',
  stageFlow: 'stage_flow',
  stageRequest: 'stage_request',
  endpoint: 'endpoint',
  revision: 'revision',
  trigger: 'trigger',
  execution: 'trigger_execution',
};

/** Kind of the node with this id; undefined for what is no node. */
export function kindOfNode(id: string): NodeKind | undefined {
  const named = kindOfId(id);
  if (named) return BY_ID[named];
  if (/^[0-9a-f]{64}$/.test(id)) return 'blob';
  const [head] = id.split(':', 1);
  if (head === 'engine') return 'environment';
  if (head !== id) return NODE_KINDS.find((kind) => kind === head);
  return /^tpl_[0-9a-f]{32}@\d+$/.test(id) ? 'template_revision' : undefined;
}

/** What is shown of a node that no event has named. */
export function shortLabel(id: string): string {
  if (/^[0-9a-f]{64}$/.test(id)) return id.slice(0, 12);
  return id.includes(':') ? id.slice(id.indexOf(':') + 1) : id.slice(-6);
}
