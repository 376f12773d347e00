import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, readableSql, type Ctx } from '#access';
import { select, selectOnce, SortedPage, SqlParams } from '#database';
import type { RunStatus } from '../model/run.js';
import { MetricKeys } from './metric-keys.view.js';
import type { Condition, Order, RunQuery } from './run-query.js';
import { conditionSql, rankedSort, runSort, type KeyIds } from './run-sql.js';

/** A run as lists show it. */
export interface FoundRun {
  readonly id: string;
  readonly num: number;
  readonly experimentId: string;
  readonly experimentNumber: number;
  readonly artifactLocation: string | null;
  readonly name: string;
  readonly userName: string;
  readonly status: RunStatus;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly parentId: string | null;
  readonly jobId: string | null;
  readonly deleted: boolean;
  readonly archived: boolean;
  /** While a run has ended, what hangs on it changes with this only. */
  readonly revision: number;
  /** True once the client promised heartbeats. */
  readonly beats: boolean;
  /** Last time that the client was heard of: start, points or heartbeats (to the second). */
  readonly heardAt: Date;
}

export interface FoundRuns {
  readonly runs: readonly FoundRun[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
}

export interface RunPage extends FoundRuns {
  /** Where the page after a run of this one begins. */
  cursorOf(run: FoundRun): string;
}

const COLUMNS = `r.id, r.num, r.experiment_id as "experimentId", e.number as "experimentNumber", e.artifact_location as "artifactLocation", r.name,
  r.user_name as "userName", r.status, r.started_at as "startedAt", r.ended_at as "endedAt", r.parent_id as "parentId", r.job_id as "jobId",
  r.deleted_at is not null as deleted, r.archived_at is not null as archived, r.revision, r.heartbeat_at is not null as beats, greatest(r.started_at, r.metrics_said_at, r.heartbeat_at) as "heardAt"`;

const BY_ID = `select ${COLUMNS}, e.project from run r join experiment e on e.id = r.experiment_id where r.workspace_id = $1 and r.id = $2`;

const BY_IDS = `select ${COLUMNS}, e.project from run r join experiment e on e.id = r.experiment_id where r.workspace_id = $1 and r.id = any($2)`;

const VIEW = {
  active: 'r.deleted_at is null',
  unarchived: 'r.deleted_at is null and r.archived_at is null',
  archived: 'r.deleted_at is null and r.archived_at is not null',
  deleted: 'r.deleted_at is not null',
  all: 'true',
} as const;

/** Finds runs: one statement a page, in a stable order that goes on exactly where the page before ended. */
@Injectable()
export class RunSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** One run, deleted or not; undefined when there is none that the caller may read. */
  async byId(ctx: Ctx, id: string): Promise<FoundRun | undefined> {
    const [row] = await select<FoundRun & { project: string }>(this.dataSource, BY_ID, [ctx.workspaceId, id]);
    return row && allows(ctx, 'tracking.read', row.project) ? row : undefined;
  }

  /** Those of the runs that the caller may read. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<FoundRun[]> {
    const rows = await select<FoundRun & { project: string }>(this.dataSource, BY_IDS, [ctx.workspaceId, ids]);
    return rows.filter((row) => allows(ctx, 'tracking.read', row.project));
  }

  /** How many runs there are, counted up to `most` + 1. */
  async count(ctx: Ctx, query: Pick<RunQuery, 'experimentIds' | 'where' | 'view'>, most: number): Promise<number> {
    const params = new SqlParams();
    const { conditions } = await this.parts(ctx, query, [], params);
    const [row] = await selectOnce<{ n: number }>(
      this.dataSource,
      `select count(*)::int as n from (select 1 from run r join experiment e on e.id = r.experiment_id where ${conditions.join(' and ')} limit ${params.add(most + 1, 'int')}) x`,
      params.values,
    );
    return row!.n;
  }

  /** What a statement over the run `r` and its experiment `e` must hold to see what this search finds; with the ids of more metrics. */
  async parts(
    ctx: Ctx,
    query: Pick<RunQuery, 'experimentIds' | 'where' | 'view'>,
    metrics: readonly string[],
    params: SqlParams,
  ): Promise<{ readonly conditions: string[]; readonly keys: KeyIds }> {
    const keys = await this.keys.ids(ctx.workspaceId, [...metricNames(query.where, []), ...metrics]);
    return { conditions: this.conditions(ctx, { ...query, limit: 0 }, params, keys), keys };
  }

  /** Throws BAD_INPUT (`field` after) for a cursor that is none of this order. */
  async search(ctx: Ctx, query: RunQuery): Promise<RunPage> {
    if (query.experimentIds?.length === 0) return { runs: [], cursorOf: () => '' };
    const order = query.orderBy ?? [];
    const keys = await this.keys.ids(ctx.workspaceId, metricNames(query.where, order));
    const plan = { ctx, query, order, keys };
    if (order[0]?.kind !== 'metric' || query.experimentIds?.length !== 1) return this.page(plan, 'all');
    const values = await this.page(plan, 'values');
    if (values.next !== undefined) return values;
    const room = query.limit - values.runs.length;
    const rest = await this.page({ ...plan, query: { ...query, limit: Math.max(room, 1) } }, 'rest');
    if (room === 0) return { ...values, next: rest.runs.length > 0 ? values.cursorOf(values.runs.at(-1)!) : undefined };
    return { ...rest, runs: [...values.runs, ...rest.runs] };
  }

  /** One page of all runs; or of those that have a number under the first metric of the order, or of the rest. */
  private async page({ ctx, query, order, keys }: Plan, part: 'all' | 'values' | 'rest'): Promise<RunPage> {
    const params = new SqlParams();
    const joins: string[] = [];
    const sort =
      part === 'values' ? rankedSort(order, joins, params, keys, query.experimentIds![0]!) : runSort(order, joins, params, keys);
    const sorted = new SortedPage(sort, order);
    const cursorOf = (run: FoundRun) => sorted.cursor(run);
    const walked = part === 'values' ? (order[0] as { readonly key?: string }).key : undefined;
    const conditions = this.conditions(ctx, query, params, keys, walked);
    if (part === 'rest') conditions.push(`${sort[0]!.rank} > 0`);
    if (query.after !== undefined) {
      const amongValues = part !== 'all' && sorted.isAmongValues(query.after);
      if (part === 'values' && !amongValues) return { runs: [], cursorOf };
      if (part !== 'rest' || !amongValues) conditions.push(sorted.after(query.after, params));
    }
    const rows = await selectOnce<FoundRun>(
      this.dataSource,
      `select ${COLUMNS}, ${sorted.columns} from run r join experiment e on e.id = r.experiment_id ${joins.join(' ')}
        where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows: runs, next } = sorted.page(rows, query.limit);
    return { runs, next, cursorOf };
  }

  private conditions(ctx: Ctx, query: RunQuery, params: SqlParams, keys: KeyIds, walked?: string): string[] {
    const conditions = [this.scope(ctx, query, params), VIEW[query.view ?? 'active']];
    if (query.where) conditions.push(conditionSql(query.where, params, keys, walked));
    return conditions;
  }

  private scope(ctx: Ctx, query: RunQuery, params: SqlParams): string {
    // Where experiments are named, theirs is the workspace to check: a second index on runs would only tempt the planner.
    const scope = [`${query.experimentIds ? 'e' : 'r'}.workspace_id = ${params.add(ctx.workspaceId, 'text')}`];
    if (query.experimentIds?.length === 1) scope.push(`r.experiment_id = ${params.add(query.experimentIds[0], 'text')}`);
    else if (query.experimentIds) scope.push(`r.experiment_id = any(${params.add(query.experimentIds, 'text[]')})`);
    scope.push(...readableSql(ctx, 'tracking.read', 'e.project', params));
    return scope.join(' and ');
  }
}

interface Plan {
  readonly ctx: Ctx;
  readonly query: RunQuery;
  readonly order: readonly Order[];
  readonly keys: KeyIds;
}

function metricNames(where: Condition | undefined, order: readonly Order[]): string[] {
  const names = order.flatMap((item) => (item.kind === 'metric' ? [item.key] : []));
  const visit = (condition: Condition): void => {
    if (condition.kind === 'and' || condition.kind === 'or') condition.of.forEach(visit);
    else if (condition.kind === 'not') visit(condition.of);
    else if (condition.kind === 'metric') names.push(condition.key);
  };
  if (where) visit(where);
  return names;
}
