import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { allows, readableSql, type Ctx } from '#access';
import {
  select,
  selectOnce,
  SortedPage,
  sqlOp,
  SqlParams,
  textTestSql,
  toDate,
  type NumberOp,
  type SortKey,
  type TextTest,
} from '#database';

export interface FoundExperiment {
  readonly id: string;
  readonly num: number;
  readonly number: number;
  readonly project: string;
  readonly name: string;
  readonly artifactLocation: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deleted: boolean;
  readonly archived: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** What never changes of an experiment. */
export type ExperimentPlace = Pick<FoundExperiment, 'id' | 'number' | 'artifactLocation'>;

export interface DatasetSummary {
  readonly experimentNumber: number;
  readonly name: string;
  readonly digest: string;
  /** Such as training; null where no run said. */
  readonly context: string | null;
}

export type ExperimentCondition =
  | ({ readonly kind: 'name' } & TextTest)
  | { readonly kind: 'createdAt' | 'updatedAt'; readonly op: NumberOp; readonly value: number }
  | ({ readonly kind: 'tag'; readonly key: string } & TextTest)
  | { readonly kind: 'hasTag'; readonly key: string; readonly has: boolean }
  /** The project path itself, or anything below it. */
  | { readonly kind: 'project'; readonly path: string };

export interface ExperimentQuery {
  /** All of them hold. */
  readonly where?: readonly ExperimentCondition[];
  readonly orderBy?: readonly { readonly field: 'name' | 'number' | 'createdAt' | 'updatedAt'; readonly descending: boolean }[];
  readonly view?: 'active' | 'unarchived' | 'archived' | 'deleted' | 'all';
  readonly limit: number;
  readonly after?: string;
}

export interface ExperimentPage {
  readonly experiments: readonly FoundExperiment[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
  /** Where the page after an experiment of this one begins. */
  cursorOf(experiment: FoundExperiment): string;
}

const COLUMNS = `e.id, e.num, e.number, e.project, e.name, e.artifact_location as "artifactLocation", e.created_at as "createdAt",
  e.updated_at as "updatedAt", e.deleted_at is not null as deleted, e.archived_at is not null as archived,
  coalesce((select json_object_agg(t.key, t.value) from experiment_tag t where t.experiment_id = e.id), '{}') as tags`;

const BY_IDS = `select ${COLUMNS} from experiment e where e.workspace_id = $1 and e.id = any($2)`;
const PROJECTS = `select project as path, count(*)::int as experiments from experiment where workspace_id = $1 and deleted_at is null group by project order by project`;

const DATASETS = `select distinct e.number as "experimentNumber", d.name, d.digest, x.tags ->> 'mlflow.data.context' as context
  from logged_dataset d join experiment e on e.id = d.experiment_id join run_dataset x on x.dataset_id = d.id
  where d.experiment_id = any($1) order by 1, 2, 3, 4 limit $2`;

const TIME = { createdAt: 'e.created_at', updatedAt: 'e.updated_at' } as const;
const ms = (column: string) => `date_trunc('milliseconds', ${column})`;

const FIELDS: Readonly<Record<'name' | 'number' | 'createdAt' | 'updatedAt', Omit<SortKey, 'descending'>>> = {
  name: { value: 'e.name collate "C"', type: 'text' },
  number: { value: 'e.number', type: 'bigint' },
  createdAt: { value: ms(TIME.createdAt), type: 'timestamptz' },
  updatedAt: { value: ms(TIME.updatedAt), type: 'timestamptz' },
};

const VIEW = {
  active: 'e.deleted_at is null',
  unarchived: 'e.deleted_at is null and e.archived_at is null',
  archived: 'e.deleted_at is null and e.archived_at is not null',
  deleted: 'e.deleted_at is not null',
  all: 'true',
} as const;

/** The transaction that changed the row last. Every change of an experiment's tags changes its row too. */
const VERSION = 'e.xmin::text as version';
const VERSIONS = `select ${COLUMNS}, ${VERSION} from experiment e where e.id = any($1)`;

interface SeenExperiment {
  readonly id: string;
  readonly version: string;
}
interface Kept {
  readonly version: string;
  readonly experiment: FoundExperiment;
}

/** Bytes of experiments that a process keeps at hand: some ten thousand. */
const KEPT_BYTES = 8 * 2 ** 20;
const sizeOf = ({ experiment }: Kept): number => 400 + JSON.stringify(experiment.tags).length;

/** Finds experiments that the caller may read, newest first. */
@Injectable()
export class ExperimentSearch {
  private readonly kept = new LRUCache<string, Kept>({ maxSize: KEPT_BYTES, sizeCalculation: sizeOf });

  constructor(private readonly dataSource: DataSource) {}

  byId(ctx: Ctx, id: string): Promise<FoundExperiment | undefined> {
    return this.one(ctx, `select ${COLUMNS} from experiment e where e.workspace_id = $1 and e.id = $2`, id);
  }

  /** Those of the experiments that the caller may read. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<FoundExperiment[]> {
    const rows = await select<FoundExperiment>(this.dataSource, BY_IDS, [ctx.workspaceId, ids]);
    return rows.filter((row) => allows(ctx, 'tracking.read', row.project));
  }

  /** Project paths that hold experiments which the caller may read, each with how many. */
  async projects(ctx: Ctx): Promise<{ readonly path: string; readonly experiments: number }[]> {
    const rows = await select<{ path: string; experiments: number }>(this.dataSource, PROJECTS, [ctx.workspaceId]);
    return rows.filter(({ path }) => allows(ctx, 'tracking.read', path));
  }

  /** Data sets that runs of the experiments named, by what they were used for; at most `limit`. */
  datasets(ids: readonly string[], limit: number): Promise<DatasetSummary[]> {
    return select(this.dataSource, DATASETS, [ids, limit]);
  }

  byNumber(ctx: Ctx, number: number): Promise<FoundExperiment | undefined> {
    return this.one(ctx, `select ${COLUMNS} from experiment e where e.workspace_id = $1 and e.number = $2`, number);
  }

  /** For use cases that check the rights themselves. */
  async placeOf(workspaceId: string, number: number): Promise<ExperimentPlace | undefined> {
    const sql =
      'select id, number, artifact_location as "artifactLocation" from experiment where workspace_id = $1 and number = $2';
    return (await select<ExperimentPlace>(this.dataSource, sql, [workspaceId, number]))[0];
  }

  byName(ctx: Ctx, name: string): Promise<FoundExperiment | undefined> {
    return this.one(ctx, `select ${COLUMNS} from experiment e where e.workspace_id = $1 and e.name = $2`, name);
  }

  async search(ctx: Ctx, query: ExperimentQuery): Promise<ExperimentPage> {
    const params = new SqlParams();
    const conditions = [`e.workspace_id = ${params.add(ctx.workspaceId, 'text')}`, VIEW[query.view ?? 'active']];
    conditions.push(...readableSql(ctx, 'tracking.read', 'e.project', params));
    for (const condition of query.where ?? []) conditions.push(conditionSql(condition, params));
    const order = query.orderBy?.length ? query.orderBy : [{ field: 'createdAt', descending: true } as const];
    const sorted = new SortedPage([
      ...order.map(({ field, descending }) => ({ ...FIELDS[field], descending })),
      { ...FIELDS.number, descending: true },
    ]);
    if (query.after !== undefined) conditions.push(sorted.after(query.after, params));
    const found = await selectOnce<SeenExperiment>(
      this.dataSource,
      `select e.id, ${VERSION}, ${sorted.columns} from experiment e where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows, next } = sorted.page(found, query.limit);
    const seen = () => new Map(rows.map((row) => [row.id, row]));
    let byId: ReturnType<typeof seen> | undefined;
    const cursorOf = ({ id }: FoundExperiment) => sorted.cursor((byId ??= seen()).get(id)!);
    return { experiments: await this.whole(rows), next, cursorOf };
  }

  /** The experiments themselves: those that are as they were when they were read are at hand. One that was purged in this moment is left out. */
  private async whole(seen: readonly SeenExperiment[]): Promise<FoundExperiment[]> {
    const missing = seen.filter(({ id, version }) => this.kept.get(id)?.version !== version);
    const read = new Map<string, FoundExperiment>();
    if (missing.length > 0)
      for (const { version, ...experiment } of await select<FoundExperiment & SeenExperiment>(this.dataSource, VERSIONS, [
        missing.map(({ id }) => id),
      ])) {
        this.kept.set(experiment.id, { version, experiment });
        read.set(experiment.id, experiment);
      }
    return seen.flatMap(({ id }) => read.get(id) ?? this.kept.get(id)?.experiment ?? []);
  }

  private async one(ctx: Ctx, sql: string, value: unknown): Promise<FoundExperiment | undefined> {
    const [row] = await select<FoundExperiment>(this.dataSource, sql, [ctx.workspaceId, value]);
    return row && allows(ctx, 'tracking.read', row.project) ? row : undefined;
  }
}

const TAG = 'exists (select 1 from experiment_tag t where t.experiment_id = e.id';

function conditionSql(condition: ExperimentCondition, params: SqlParams): string {
  switch (condition.kind) {
    case 'name':
      return textTestSql('e.name', condition, params);
    case 'tag':
      return `${TAG} and t.key = ${params.add(condition.key, 'text')} and ${textTestSql('t.value', condition, params)})`;
    case 'project': {
      const path = params.add(condition.path, 'text');
      return `(${path} = '/' or e.project = ${path} or starts_with(e.project, ${path} || '/'))`;
    }
    case 'hasTag':
      return `${condition.has ? '' : 'not '}${TAG} and t.key = ${params.add(condition.key, 'text')})`;
    default:
      return `${ms(TIME[condition.kind])} ${sqlOp(condition.op)} ${params.add(toDate(condition.value), 'timestamptz')}`;
  }
}
