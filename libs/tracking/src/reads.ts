import { Injectable, Module } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { select } from '#database';
import { SOURCE_NAMES, SOURCES, type Source } from './model/run.js';
import { STANDING } from './search/metric-history.view.js';
import { ArtifactEntity, ExperimentEntity, RunEntity } from './tracking.entities.js';

/** A run as other domains may know it. */
export interface RunFacts {
  readonly id: string;
  readonly createdBy: string;
  readonly status: string;
}

export interface RunFigures {
  readonly experiment: string;
  readonly project: string;
  readonly name: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Where the artifacts of a run or of a logged model are, as clients address it, and the run that made them. */
export interface ArtifactRoot {
  readonly uri: string;
  readonly runId: string | null;
  readonly project: string;
}

/** A place inside the artifacts of a run or a logged model, as clients address it. */
export interface FilesAt {
  readonly owner: string;
  readonly location: string;
}

/** All points of a metric by step: of a training that was resumed, the last attempt's point of a step. */
export interface Curve {
  readonly key: string;
  readonly source: Source;
  /** Rising; of equal length with `values`. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** A run as a model card tells of it. */
export interface RunSheetFacts {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A run as lineage tells of it to others: where it is, what it used and what it made. */
export interface RunLineageFacts {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** How often it has gone on after an end. */
  readonly resumes: number;
  readonly parentId: string | null;
  readonly experiment: string;
  readonly project: string;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasetVersionIds: readonly string[];
  /** Data sets that only a client knows. */
  readonly datasets: readonly { readonly name: string; readonly digest: string; readonly sourceType: string }[];
  readonly models: readonly {
    readonly id: string;
    readonly name: string;
    readonly project: string;
    readonly direction: 'input' | 'output';
  }[];
}

/** Of each list as many as an event may hold. */
const MOST_ENDS = 500;
const MOST_PAIRS = 1000;
const MOST_TEXT = 1000;

const pairs = (table: string) =>
  `(select coalesce(jsonb_object_agg(p.key, p.value), '{}') from (select key, left(value, ${MOST_TEXT}) as value from ${table} where run = r.num order by key limit ${MOST_PAIRS}) p)`;
const LINEAGE = `select r.id, r.name, r.status, r.resumes, r.parent_id as "parentId", e.name as experiment, e.project, ${pairs('run_param')} as params, ${pairs('run_tag')} as tags,
    array(select dataset_version_id from run_input where run_id = r.id order by 1 limit ${MOST_ENDS}) as "datasetVersionIds",
    (select coalesce(jsonb_agg(d), '[]') from (select s.name, s.digest, s.source_type as "sourceType" from run_dataset u join logged_dataset s on s.id = u.dataset_id
      where u.run = r.num order by s.name, s.digest limit ${MOST_ENDS}) d) as datasets,
    (select coalesce(jsonb_agg(m), '[]') from (select l.id, l.name, x.project, k.direction from (
        select model_id, direction from run_model where run = r.num union select id, 'output' from logged_model where source_run_id = r.id) k
      join logged_model l on l.id = k.model_id join experiment x on x.id = l.experiment_id order by l.id limit ${MOST_ENDS}) m) as models
  from run r join experiment e on e.id = r.experiment_id where r.workspace_id = $1 and r.id = $2`;

@Injectable()
export class TrackingReads {
  constructor(private readonly dataSource: DataSource) {}

  async run(workspaceId: string, id: string): Promise<RunFacts | undefined> {
    const row = await this.dataSource.getRepository(RunEntity).findOneBy({ workspaceId, id });
    return row ? { id: row.id, createdBy: row.createdBy, status: row.status } : undefined;
  }

  /** What conditions may ask about a run: where it stands, its tags and the latest values of its metrics that are numbers. */
  async figures(workspaceId: string, id: string): Promise<RunFigures | undefined> {
    const [row] = await select<RunFigures>(
      this.dataSource,
      `select e.name as experiment, e.project, r.name, r.status,
         (select coalesce(jsonb_object_agg(t.key, t.value), '{}') from run_tag t where t.run = r.num) as tags,
         (select coalesce(jsonb_object_agg(k.name, l.value order by l.source), '{}') from metric_latest l join metric_key k on k.id = l.key
           where l.run = r.num and l.value - l.value = 0) as metrics
       from run r join experiment e on e.id = r.experiment_id where r.workspace_id = $1 and r.id = $2`,
      [workspaceId, id],
    );
    return row;
  }

  /** A run with both of its ends; undefined for one that is not here. */
  async lineage(workspaceId: string, id: string): Promise<RunLineageFacts | undefined> {
    return (await select<RunLineageFacts>(this.dataSource, LINEAGE, [workspaceId, id]))[0];
  }

  /** Where an experiment is, and by which name. */
  async placeOfExperiment(workspaceId: string, id: string): Promise<{ name: string; project: string } | undefined> {
    const row = await this.dataSource.getRepository(ExperimentEntity).findOneBy({ workspaceId, id });
    return row ? { name: row.name, project: row.project } : undefined;
  }

  /** Path of the project that an experiment belongs to. */
  async projectOfExperiment(workspaceId: string, id: string): Promise<string | undefined> {
    return (await this.dataSource.getRepository(ExperimentEntity).findOneBy({ workspaceId, id }))?.project;
  }

  /** By the id of a run or of a logged model that is not deleted. */
  async artifactRoot(workspaceId: string, id: string): Promise<ArtifactRoot | undefined> {
    const [row] = await select<ArtifactRoot>(
      this.dataSource,
      `select regexp_replace(coalesce(e.artifact_location, 'mlflow-artifacts:/' || e.number), '^([^?]*)(.*)$', '\\1' || o.place || '/artifacts\\2') as uri, o.run_id as "runId", e.project
         from (select experiment_id, id as run_id, '/' || substr(id, 5) as place from run where workspace_id = $1 and id = $2
               union all
               select experiment_id, source_run_id, '/models/m-' || substr(id, 5) from logged_model
                where workspace_id = $1 and id = $2 and deleted_at is null) o
         join experiment e on e.id = o.experiment_id`,
      [workspaceId, id],
    );
    return row;
  }

  /** The files of a run or a logged model below a place inside of its artifacts, by path; none for a place elsewhere. */
  async filesAt(workspaceId: string, { owner, location }: FilesAt): Promise<{ path: string; sha256: string; size: number }[]> {
    const root = await this.artifactRoot(workspaceId, owner);
    if (!root || !(location === root.uri || location.startsWith(`${root.uri}/`))) return [];
    const folder = location.slice(root.uri.length).replace(/^\/+|\/+$/g, '');
    const prefix = folder === '' ? '' : `${folder}/`;
    const rows = await select<{ path: string; sha256: string; size: string }>(
      this.dataSource,
      `select path, blob as sha256, size from artifact where workspace_id = $1 and owner_id = $2 and starts_with(path, $3) order by path`,
      [workspaceId, owner, prefix],
    );
    return rows.map(({ path, sha256, size }) => ({ path: path.slice(prefix.length), sha256, size: Number(size) }));
  }

  /** A run with its params, tags and latest logged values; null for one that is not here. */
  async runSheet(workspaceId: string, id: string): Promise<RunSheetFacts | null> {
    const [row] = await select<Omit<RunSheetFacts, 'metrics'>>(
      this.dataSource,
      `select r.id, r.name, e.project, r.started_at as "startedAt", r.ended_at as "endedAt",
           coalesce((select jsonb_object_agg(p.key, p.value) from run_param p where p.run = r.num), '{}') as params,
           coalesce((select jsonb_object_agg(t.key, t.value) from run_tag t where t.run = r.num), '{}') as tags
         from run r join experiment e on e.id = r.experiment_id where r.workspace_id = $1 and r.id = $2`,
      [workspaceId, id],
    );
    return row ? { ...row, metrics: (await this.loggedMetrics(workspaceId, id)) ?? {} } : null;
  }

  /** Latest values that clients and training programs wrote into a run; null for a run that is not here. */
  async loggedMetrics(workspaceId: string, runId: string): Promise<Record<string, number> | null> {
    const rows = await select<{ name: string | null; value: number }>(
      this.dataSource,
      `select k.name, l.value from run r left join metric_latest l on l.run = r.num and l.source <> ${SOURCES.platform}
         left join metric_key k on k.id = l.key where r.workspace_id = $1 and r.id = $2 order by l.source desc`,
      [workspaceId, runId],
    );
    if (rows.length === 0) return null;
    return Object.fromEntries(rows.flatMap(({ name, value }) => (name === null ? [] : [[name, value]])));
  }

  /** What a training and the platform measured in a run; what clients logged there is left out. */
  async measuredCurves(workspaceId: string, runId: string): Promise<Curve[]> {
    const rows = await select<Omit<Curve, 'source'> & { source: number }>(
      this.dataSource,
      `select k.name as key, x.source, array_agg(x.step::float8 order by x.step) as steps, array_agg(x.value order by x.step) as values
         from (select distinct on (p.key, p.source, p.step) p.key, p.source, p.step, p.value from run r join metric_point p on p.run = r.num
                where r.workspace_id = $1 and r.id = $2 and p.source <> ${SOURCES.client} and ${STANDING} order by p.key, p.source, p.step, p.ts desc, p.value desc) x
         join metric_key k on k.id = x.key group by k.name, x.source order by x.source, k.name`,
      [workspaceId, runId],
    );
    return rows.map((row) => ({ ...row, source: SOURCE_NAMES[row.source]! }));
  }

  /** Blobs of a run's artifacts by path, for the paths asked for. */
  async artifacts(runId: string, paths: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.dataSource.getRepository(ArtifactEntity).findBy({ ownerId: runId, path: In([...paths]) });
    return new Map(rows.map((row) => [row.path, row.blob]));
  }
}

@Module({ providers: [TrackingReads], exports: [TrackingReads] })
export class TrackingReadsModule {}
