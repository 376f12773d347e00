import { eventSchema, marked, type FacetBodies, type Facets } from './facets.js';
import { lineageNamespace, type LineageHome } from './names.js';

/** The transition of a run that an event tells of. */
export type LineageRunState = 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL' | 'OTHER';

export interface LineageJob {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
}
export interface LineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets?: Facets;
  /** Of an input only. */
  readonly inputFacets?: Facets;
}
export interface LineageRun {
  readonly runId: string;
  readonly facets?: Facets;
}

/** What a job read and wrote. */
export interface LineageEnds {
  readonly inputs?: readonly LineageDataset[];
  readonly outputs?: readonly LineageDataset[];
}

interface BaseEvent {
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
}
export interface LineageRunEvent extends BaseEvent, LineageEnds {
  readonly eventType: LineageRunState;
  readonly run: LineageRun;
  readonly job: LineageJob;
}
export interface LineageJobEvent extends BaseEvent, LineageEnds {
  readonly job: LineageJob;
}
export interface LineageDatasetEvent extends BaseEvent {
  readonly dataset: LineageDataset;
}
export type OpenLineageEvent = LineageRunEvent | LineageJobEvent | LineageDatasetEvent;

/** A thing of a project by its name. */
export interface Placed {
  readonly project: string;
  readonly name: string;
}

/** Writes events of OpenLineage 2-0-2 in the name of one installation and workspace. */
export class LineageWriter {
  constructor(private readonly home: LineageHome) {}

  job({ project, name }: Placed, facets: FacetBodies<'job'> = {}): LineageJob {
    return { namespace: lineageNamespace(this.home, project), name, ...part('facets', this.marked('job', facets)) };
  }

  dataset({ project, name }: Placed, facets: FacetBodies<'dataset'> = {}, input: FacetBodies<'input'> = {}): LineageDataset {
    return {
      namespace: lineageNamespace(this.home, project),
      name,
      ...part('facets', this.marked('dataset', facets)),
      ...part('inputFacets', this.marked('input', input)),
    };
  }

  run(runId: string, facets: FacetBodies<'run'> = {}): LineageRun {
    return { runId, ...part('facets', this.marked('run', facets)) };
  }

  runEvent(time: Date, eventType: LineageRunState, run: LineageRun, job: LineageJob, ends: LineageEnds = {}): LineageRunEvent {
    return { eventType, ...this.base(time, 'RunEvent'), run, job, ...withEnds(ends) };
  }

  jobEvent(time: Date, job: LineageJob, ends: LineageEnds = {}): LineageJobEvent {
    return { ...this.base(time, 'JobEvent'), job, ...withEnds(ends) };
  }

  datasetEvent(time: Date, dataset: LineageDataset): LineageDatasetEvent {
    return { ...this.base(time, 'DatasetEvent'), dataset };
  }

  private base(time: Date, kind: 'RunEvent' | 'JobEvent' | 'DatasetEvent'): BaseEvent {
    return { eventTime: time.toISOString(), producer: this.home.publicUrl, schemaURL: eventSchema(kind) };
  }

  private marked<R extends 'run' | 'job' | 'dataset' | 'input'>(role: R, bodies: FacetBodies<R>): Facets | undefined {
    return marked(role, bodies, this.home.publicUrl);
  }
}

/** Both ends are always named: a backend takes an end that is absent for one that is empty. */
function withEnds({ inputs = [], outputs = [] }: LineageEnds): Required<LineageEnds> {
  return { inputs, outputs };
}

function part<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
