import { Injectable } from '@nestjs/common';
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
import type { LoggedModelStatus } from './model/logged-model.js';
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

type TextAttribute = 'hex' | 'name' | 'modelType' | 'sourceRun' | 'status' | 'experiment';
type TimeAttribute = 'createdAt' | 'updatedAt';

/** A data set that metrics must have been measured on; without a digest, any version of that name. */
export interface OnDataset {
  readonly name: string;
  readonly digest?: string;
}

export type LoggedModelCondition =
  | ({ readonly kind: 'text'; readonly attribute: TextAttribute } & TextTest)
  | { readonly kind: 'time'; readonly attribute: TimeAttribute; readonly op: NumberOp; readonly value: number }
  | { readonly kind: 'metric'; readonly key: string; readonly op: NumberOp; readonly value: number }
  | ({ readonly kind: 'param' | 'tag'; readonly key: string } & TextTest);

export interface LoggedModelQuery {
  readonly experimentIds: readonly string[];
  /** All of them hold. */
  readonly where?: readonly LoggedModelCondition[];
  /** Metrics count only where they were measured on one of these. */
  readonly datasets?: readonly OnDataset[];
  readonly orderBy?: readonly ({ readonly descending: boolean } & (
    | { readonly kind: 'text'; readonly attribute: TextAttribute }
    | { readonly kind: 'time'; readonly attribute: TimeAttribute }
    | { readonly kind: 'metric'; readonly key: string; readonly dataset?: OnDataset }
  ))[];
  readonly limit: number;
  readonly after?: string;
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

const BY_ID = `select ${COLUMNS}, e.project from logged_model m join experiment e on e.id = m.experiment_id where m.workspace_id = $1 and m.id = $2`;

const TEXT: Readonly<Record<TextAttribute, string>> = {
  hex: `'m-' || substr(m.id, 5)`,
  name: 'm.name',
  modelType: 'm.model_type',
  sourceRun: 'substr(m.source_run_id, 5)',
  status: 'm.status',
  experiment: 'e.number::text',
};
const TIME: Readonly<Record<TimeAttribute, string>> = {
  createdAt: `date_trunc('milliseconds', m.created_at)`,
  updatedAt: `date_trunc('milliseconds', m.updated_at)`,
};

/** Logged models that the caller may read. */
@Injectable()
export class LoggedModelsView {
  constructor(
    private readonly dataSource: DataSource,
    private readonly keys: MetricKeys,
  ) {}

  /** One model, deleted or not; undefined when there is none that the caller may read. */
  async byId(ctx: Ctx, id: string): Promise<FoundLoggedModel | undefined> {
    const [row] = await select<FoundLoggedModel & { project: string }>(this.dataSource, BY_ID, [ctx.workspaceId, id]);
    return row && allows(ctx, 'tracking.read', row.project) ? withNumbers(row) : undefined;
  }

  async search(
    ctx: Ctx,
    query: LoggedModelQuery,
  ): Promise<{ readonly models: readonly FoundLoggedModel[]; readonly next?: string }> {
    if (query.experimentIds.length === 0) return { models: [] };
    const params = new SqlParams();
    const names = [...(query.where ?? []), ...(query.orderBy ?? [])].flatMap((item) =>
      item.kind === 'metric' ? [item.key] : [],
    );
    const keys = await this.keys.ids(ctx.workspaceId, names);
    const conditions = [
      `m.workspace_id = ${params.add(ctx.workspaceId, 'text')}`,
      `m.experiment_id = any(${params.add(query.experimentIds, 'text[]')})`,
      'm.deleted_at is null',
    ];
    conditions.push(...readableSql(ctx, 'tracking.read', 'e.project', params));
    for (const condition of query.where ?? []) conditions.push(conditionSql(condition, query.datasets ?? [], params, keys));
    const sorted = new SortedPage(sortKeys(query.orderBy ?? [], params, keys));
    if (query.after !== undefined) conditions.push(sorted.after(query.after, params));
    const found = await selectOnce<FoundLoggedModel>(
      this.dataSource,
      `select ${COLUMNS}, ${sorted.columns} from logged_model m join experiment e on e.id = m.experiment_id
        where ${conditions.join(' and ')} order by ${sorted.orderBy} limit ${params.add(query.limit + 1, 'int')}`,
      params.values,
    );
    const { rows, next } = sorted.page(found, query.limit);
    return { models: rows.map(withNumbers), next };
  }
}

/** JSON has no NaN: values come as text. */
function withNumbers(row: FoundLoggedModel): FoundLoggedModel {
  return { ...row, metrics: row.metrics.map((metric) => ({ ...metric, value: Number(metric.value) })) };
}

function conditionSql(
  condition: LoggedModelCondition,
  datasets: readonly OnDataset[],
  params: SqlParams,
  keys: ReadonlyMap<string, number>,
): string {
  switch (condition.kind) {
    case 'text':
      return textTestSql(TEXT[condition.attribute], condition, params);
    case 'time':
      return `${TIME[condition.attribute]} ${sqlOp(condition.op)} ${params.add(toDate(condition.value), 'timestamptz')}`;
    case 'metric': {
      const key = params.add(keys.get(condition.key) ?? -1, 'int');
      const value = `x.value ${sqlOp(condition.op)} ${params.add(condition.value, 'float8')} and (x.value <> 'NaN' or ${condition.op === '!='})`;
      return `exists (select 1 from logged_model_metric x where x.model_id = m.id and x.key = ${key} and ${value}${onDatasets(datasets, params)})`;
    }
    default:
      return `exists (select 1 from logged_model_${condition.kind} x where x.model_id = m.id and x.key = ${params.add(condition.key, 'text')} and ${textTestSql('x.value', condition, params)})`;
  }
}

function onDatasets(datasets: readonly OnDataset[], params: SqlParams): string {
  if (datasets.length === 0) return '';
  const one = ({ name, digest }: OnDataset) =>
    `(x.dataset_name = ${params.add(name, 'text')}${digest === undefined ? '' : ` and x.dataset_digest = ${params.add(digest, 'text')}`})`;
  return ` and (${datasets.map(one).join(' or ')})`;
}

function sortKeys(
  order: NonNullable<LoggedModelQuery['orderBy']>,
  params: SqlParams,
  keys: ReadonlyMap<string, number>,
): SortKey[] {
  const ranked = (value: string) => `case when ${value} is null then 2 else 0 end`;
  const mapped = order.map((item): SortKey => {
    const { descending } = item;
    if (item.kind === 'time') return { value: TIME[item.attribute], descending, type: 'timestamptz' };
    if (item.kind === 'text')
      return { rank: ranked(TEXT[item.attribute]), value: `(${TEXT[item.attribute]}) collate "C"`, descending, type: 'text' };
    const where = `x.model_id = m.id and x.key = ${params.add(keys.get(item.key) ?? -1, 'int')}${onDatasets(item.dataset ? [item.dataset] : [], params)}`;
    const value = `(select x.value from logged_model_metric x where ${where} order by x.step desc, x.ts desc limit 1)`;
    return {
      rank: `case when ${value} is null then 2 when ${value} = 'NaN' then 1 else 0 end`,
      value,
      descending,
      type: 'float8',
    };
  });
  return [
    ...mapped,
    { value: TIME.createdAt, descending: true, type: 'timestamptz' },
    { value: 'm.id collate "C"', descending: false, type: 'text' },
  ];
}
