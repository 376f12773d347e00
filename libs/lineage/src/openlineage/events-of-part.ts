import {
  errorOf,
  jobType,
  lineageName,
  MODEL_TYPE,
  NO_REASON,
  stretchId,
  taggedBy,
  uuidOf,
  type LineageDataset,
  type LineageJob,
  type LineageWriter,
  type OpenLineageEvent,
} from '#contracts';
import type { Phase } from '../graph-fold.js';
import { shortLabel } from '../model/graph.js';
import type { LineageEdge } from '../walk.js';
import { stretchesOf } from './stretches.js';

/** A node with everything that it was. */
export interface PartNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly project: string | null;
  readonly state: string | null;
  readonly at: Date;
  readonly goneAt: Date | null;
  readonly phases: readonly Phase[];
}

/** Some nodes of the graph, with what names them and what they are ends of. */
export interface GraphPart {
  readonly wanted: readonly string[];
  readonly nodes: ReadonlyMap<string, PartNode>;
  readonly edges: readonly LineageEdge[];
}

/** Kinds that mean something to OpenLineage: data before the runs that read it, models before what serves them. */
export const EXPORTED_KINDS = [
  'dataset',
  'dataset_version',
  'logged_dataset',
  'model',
  'run',
  'logged_model',
  'model_version',
  'endpoint',
] as const;

/** Events of OpenLineage for what is wanted of a part, in the order in which it happened. Names are those of deliveries, so that both are one graph. */
export function eventsOfPart(part: GraphPart, write: LineageWriter): OpenLineageEvent[] {
  const teller = new PartTeller(part, write);
  const events = part.wanted.flatMap((id) => {
    const node = part.nodes.get(id);
    return node ? teller.eventsOf(node) : [];
  });
  return events.sort((a, b) => a.eventTime.localeCompare(b.eventTime));
}

class PartTeller {
  private readonly up: ReadonlyMap<string, LineageEdge[]>;
  private readonly down: ReadonlyMap<string, LineageEdge[]>;

  constructor(
    private readonly part: GraphPart,
    private readonly write: LineageWriter,
  ) {
    this.up = Map.groupBy(part.edges, ({ from }) => from);
    this.down = Map.groupBy(part.edges, ({ to }) => to);
  }

  eventsOf(node: PartNode): OpenLineageEvent[] {
    if (node.kind === 'run') return this.runEvents(node);
    if (node.kind === 'endpoint') return this.endpointEvents(node);
    const dataset = this.datasetOf(node, this.changeOf(node));
    return dataset ? [this.write.datasetEvent(node.at, dataset)] : [];
  }

  private runEvents(node: PartNode): OpenLineageEvent[] {
    const job = this.jobOf(node);
    const ends = {
      inputs: this.far(node, 'trained_on', 'used').flatMap((end) => this.datasetOf(end) ?? []),
      outputs: this.near(node, 'logged_by', 'produced_by').flatMap((end) => this.datasetOf(end, this.madeBy(node, end)) ?? []),
    };
    const parent = this.parentOf(node);
    const facets = { parent, ...taggedBy({ 'tailrace.run': node.id, 'tailrace.name': nameOf(node) }) };
    return stretchesOf(node.phases, node.at).flatMap(({ start, end }, index) => {
      const id = stretchId(node.id, index);
      const begun = this.write.runEvent(start, 'START', this.write.run(id, facets), job, ends);
      if (!end) return [begun];
      const errorMessage = end.state === 'COMPLETE' ? undefined : errorOf(NO_REASON[end.state]);
      return [begun, this.write.runEvent(end.at, end.state, this.write.run(id, { ...facets, errorMessage }), job, ends)];
    });
  }

  private endpointEvents(node: PartNode): OpenLineageEvent[] {
    const job = this.write.job({ ...placeOf(node), name: lineageName('endpoint', nameOf(node)) }, jobType('ENDPOINT'));
    const revision = node.state ? this.part.nodes.get(node.state) : undefined;
    const inputs = revision ? this.far(revision, 'serves').flatMap((version) => this.datasetOf(version) ?? []) : [];
    const since = node.phases.findLast(({ state }) => state === node.state)?.at;
    return [this.write.jobEvent(since ? new Date(since) : node.at, job, { inputs })];
  }

  /** A template where one trained the run, else its experiment. */
  private jobOf(run: PartNode): LineageJob {
    const [job] = this.far(run, 'made_by');
    const [revision] = job ? this.far(job, 'configured_by') : [];
    const [template] = revision ? this.far(revision, 'revision_of') : [];
    if (template)
      return this.write.job({ ...placeOf(template), name: lineageName('template', nameOf(template)) }, jobType('TRAINING'));
    const experiment = this.far(run, 'part_of').find(({ kind }) => kind === 'experiment') ?? run;
    return this.write.job({ ...placeOf(experiment), name: lineageName('experiment', nameOf(experiment)) }, jobType('EXPERIMENT'));
  }

  /** By its first id, as in deliveries. */
  private parentOf(run: PartNode): object | undefined {
    const parent = this.far(run, 'part_of').find(({ kind }) => kind === 'run');
    if (!parent) return undefined;
    const { namespace, name } = this.jobOf(parent);
    return { run: { runId: uuidOf(parent.id) }, job: { namespace, name } };
  }

  /** What a node is as a data set; undefined for what is none, or whose whole the caller may not see. */
  private datasetOf(node: PartNode, more: object = {}): LineageDataset | undefined {
    const named = (kind: Parameters<typeof lineageName>[0], name: string, facets: object = {}, place = placeOf(node)) =>
      this.write.dataset({ ...place, name: lineageName(kind, name) }, { ...facets, ...more });
    switch (node.kind) {
      case 'dataset':
        return named('dataset', nameOf(node));
      case 'model':
        return named('model', nameOf(node), MODEL_TYPE);
      case 'logged_dataset':
        return named('logged_dataset', nameOf(node), versioned(node.id.slice(node.id.lastIndexOf('#') + 1)), { project: '/' });
      case 'logged_model':
        return named('logged_model', node.id, { ...MODEL_TYPE, ...taggedBy({ name: nameOf(node) }) });
      case 'dataset_version':
      case 'model_version': {
        const [whole] = this.far(node, 'version_of');
        const type = node.kind === 'model_version' ? MODEL_TYPE : {};
        const kind = node.kind === 'model_version' ? ('model' as const) : ('dataset' as const);
        const number = node.label.replace(/^version /, '');
        return whole && named(kind, nameOf(whole), { ...versioned(number), ...type }, placeOf(whole));
      }
      default:
        return undefined;
    }
  }

  private changeOf({ kind, label, state }: PartNode): object {
    if (kind === 'model_version') return state && state !== 'none' ? taggedBy({ stage: state }) : {};
    if (kind === 'dataset' || kind === 'model') return { lifecycleStateChange: { lifecycleStateChange: 'CREATE' } };
    if (kind !== 'dataset_version') return {};
    return { lifecycleStateChange: { lifecycleStateChange: label === 'version 1' ? 'CREATE' : 'ALTER' } };
  }

  private madeBy(run: PartNode, { kind }: PartNode): object {
    return kind === 'model_version' ? taggedBy({ run: uuidOf(run.id) }) : {};
  }

  private far({ id }: PartNode, ...relations: readonly string[]): PartNode[] {
    const edges = (this.up.get(id) ?? []).filter(({ relation }) => relations.includes(relation));
    return edges.flatMap(({ to }) => this.part.nodes.get(to) ?? []);
  }

  private near({ id }: PartNode, ...relations: readonly string[]): PartNode[] {
    const edges = (this.down.get(id) ?? []).filter(({ relation }) => relations.includes(relation));
    return edges.flatMap(({ from }) => this.part.nodes.get(from) ?? []);
  }
}

const nameOf = ({ id, label }: PartNode) => label || shortLabel(id);
const placeOf = ({ project }: PartNode) => ({ project: project ?? '/' });
const versioned = (datasetVersion: string) => ({ version: { datasetVersion } });
