import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, readableSql, type Ctx } from '#access';
import { select, selectOnce, SortedPage, SqlParams } from '#database';
import type { LoggedModelStatus } from './model/logged-model.js';
import { metricNames, type LoggedModelQuery } from './search/logged-model-query.js';
import { modelConditionSql, modelSort } from './search/logged-model-sql.js';
import { MetricKeys } from './search/metric-keys.view.js';

export interface LoggedModelMetric {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly timestamp: number;
  readonly runId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface FoundLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly experimentNumber: number;
  readonly artifactLocation: string | null;
  readonly name: string;
  readonly modelType: string | null;
  readonly sourceRunId: string | null;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deleted: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: readonly LoggedModelMetric[];
}

export interface LoggedModelPage {
  readonly models: readonly FoundLoggedModel[];
  /** Where the next page begins; absent on the last one. */
  readonly next?: string;
  /** Where the page after a model of this one begins. */
  cursorOf(model: FoundLoggedModel): string;
}

const METRICS = `coalesce((select json_agg(json_build_object('key', k.name, 'value', x.value::text, 'step', x.step, 'timestamp', x.ts, 'runId', r.id,
    'datasetName', x.dataset_name, 'datasetDigest', x.dataset_digest) order by k.name, x.step, x.ts)
  from logged_model_metric x join metric_key k on k.id = x.key join run r on r.num = x.run where x.model_id = m.id), '[]')`;
const pairs = (table: string) =>
  `coalesce((select json_object_agg(x.key, x.value order by x.key) from ${table} x where x.model_id = m.id), '{}')`;

const COLUMNS = `m.id, m.experiment_id as "experimentId", e.number as "experimentNumber", e.artifact_location as "artifactLocation", m.name,
  m.model_type as "modelType", m.source_run_id as "sourceRunId", m.status, m.status_message as "statusMessage", m.created_by as "createdBy",
  m.created_at as "createdAt", m.updated_at as "updatedAt", m.deleted_at is not null as deleted, ${pairs('logged_model_param')} as params,
  ${pairs('logged_model_tag')} as tags, ${METRICS} as metrics`;

const BY_IDS = `select ${COLUMNS}, e.project from logged_model m join experiment e on e.id = m.experiment_id where m.workspace_id = $1 and m.id = any($2)`;

/** Logged models that the caller may read. */
@Injectable()
export class LoggedModelsView {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** One model, deleted or not; undefined when there is none that the caller may read. */
  async byId(ctx: Ctx, id: string): Promise<FoundLoggedModel | undefined> {
    return (await this.byIds(ctx, [id]))[0];
  }

  /** Those of the models that the caller may read, deleted or not. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<FoundLoggedModel[]> {
    const rows = await select<FoundLoggedModel & { project: string }>(this.dataSource, BY_IDS, [ctx.workspaceId, ids]);
    return rows.filter((row) => allows(ctx, 'tracking.read', row.project)).map(withNumbers);
  }

  /** Up to `limit` models of each source run, newest first, those with ids before `after`. */
  async byRuns(ctx: Ctx, runIds: readonly string[], page: { limit: number; after?: string }): Promise<FoundLoggedModel[]> {
    const params = new SqlParams();
    const conditions = [
      `m.workspace_id = ${params.add(ctx.workspaceId, 'text')}`,
      'm.source_run_id = s.id',
      'm.deleted_at is null',
      ...readableSql(ctx, 'tracking.read', 'e.project', params),
    ];
    if (page.after !== undefined) conditions.push(`m.id < ${params.add(page.after, 'text')}`);
    const rows = await selectOnce<FoundLoggedModel>(
      this.dataSource,
      `select x.* from unnest(${params.add(runIds, 'text[]')}) s(id) cross join lateral (
         select ${COLUMNS} from logged_model m join experiment e on e.id = m.experiment_id
          where ${conditions.join(' and ')} order by m.id desc limit ${params.add(page.limit, 'int')}) x`,
      params.values,
    );
    return rows.map(withNumbers);
  }

  /** Throws BAD_INPUT (`field` after) for a cursor that is none of this order. */
  async search(ctx: Ctx, query: LoggedModelQuery): Promise<LoggedModelPage> {
    if (query.experimentIds?.length === 0) return { models: [], cursorOf: () => '' };
    const params = new SqlParams();
    const keys = await this.keys.ids(ctx.workspaceId, metricNames(query));
    const conditions = scope(ctx, query, params);
    const context = { params, keys, datasets: query.datasets ?? [] };
    conditions.push(...(query.where ?? []).map((condition) => modelConditionSql(condition, context)));
    const sorted = new SortedPage(modelSort(query.orderBy ?? [], params, keys), query.orderBy ?? []);
    if (query.after !== undefined) conditions.push(sorted.after(query.after, params));
    const found = await selectOnce<FoundLoggedModel>(
      this.dataSource,
      `select ${COLUMNS}, ${sorted.columns} from logged_model m join experiment e on e.id = m.experiment_id
        where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows, next } = sorted.page(found, query.limit);
    return { models: rows.map(withNumbers), next, cursorOf: (model) => sorted.cursor(model) };
  }
}

function scope(ctx: Ctx, { experimentIds }: LoggedModelQuery, params: SqlParams): string[] {
  return [
    `m.workspace_id = ${params.add(ctx.workspaceId, 'text')}`,
    experimentIds ? `m.experiment_id = any(${params.add(experimentIds, 'text[]')})` : 'e.deleted_at is null',
    'm.deleted_at is null',
    ...readableSql(ctx, 'tracking.read', 'e.project', params),
  ];
}

/** JSON has no NaN: values come as text. */
function withNumbers(row: FoundLoggedModel): FoundLoggedModel {
  return { ...row, metrics: row.metrics.map((metric) => ({ ...metric, value: Number(metric.value) })) };
}
