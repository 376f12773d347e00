import { groupSql, sqlOp, textTestSql, toDate, type NumberOp, type SortKey, type SqlParams } from '#database';
import { assertNever } from '#kernel';
import type { Condition, Order, OrderField, TextAttribute, TimeAttribute } from './run-query.js';

/** Ids of metric names, looked up beforehand; a name that nothing was ever logged under has none. */
export type KeyIds = ReadonlyMap<string, number>;

const HEX = 'substr(r.id, 5)';
const TEXT: Readonly<Record<TextAttribute, string>> = {
  id: 'r.id',
  hex: HEX,
  name: 'r.name',
  userName: 'r.user_name',
  status: 'r.status',
  artifactUri: `coalesce(e.artifact_location, 'mlflow-artifacts:/' || e.number) || '/' || ${HEX} || '/artifacts'`,
  parentId: 'r.parent_id',
  jobId: 'r.job_id',
  experimentId: 'r.experiment_id',
};
const TIME: Readonly<Record<TimeAttribute, string>> = { startedAt: 'r.started_at', endedAt: 'r.ended_at' };

/** The value of a param `x` as a number, or null when its text is none. */
export const AS_NUMBER = String.raw`case when x.value ~ '^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$' then x.value::float8 end`;

/** SQL of a condition over the run `r` and its experiment `e`; `walked` is the metric that `rankedSort` walks, if it does. */
export function conditionSql(condition: Condition, params: SqlParams, keys: KeyIds, walked?: string): string {
  const sql = (inner: Condition) => conditionSql(inner, params, keys, walked);
  switch (condition.kind) {
    case 'and':
    case 'or':
    case 'not':
      return groupSql(condition, sql);
    case 'text':
      return textTestSql(TEXT[condition.attribute], condition, params);
    case 'time':
      return `${TIME[condition.attribute]} ${sqlOp(condition.op)} ${params.add(toDate(condition.value), 'timestamptz')}`;
    case 'metric':
      // The metric that the order walks is at hand as `l`, a number.
      if (condition.key === walked) return `l.value ${sqlOp(condition.op)} ${params.add(condition.value, 'float8')}`;
      return metricTest(condition, params, keys);
    case 'param':
    case 'tag': {
      const having = `exists (select 1 from run_${condition.kind} x where x.run = r.num and x.key = ${params.add(condition.key, 'text')}`;
      return condition.op === 'EXISTS' ? `${having})` : `${having} and ${textTestSql('x.value', condition, params)})`;
    }
    case 'paramNumber':
      return `exists (select 1 from run_param x where x.run = r.num and x.key = ${params.add(condition.key, 'text')} and ${AS_NUMBER} ${sqlOp(condition.op)} ${params.add(condition.value, 'float8')})`;
    case 'dataset':
      return `exists (select 1 from run_dataset x join logged_dataset d on d.id = x.dataset_id where x.run = r.num and ${condition.of
        .map((test) => textTestSql(DATASET_PART[test.part], test, params))
        .join(' and ')})`;
    case 'datasetVersion':
      return `exists (select 1 from run_input x where x.run_id = r.id and x.dataset_version_id = ${params.add(condition.id, 'text')})`;
    case 'loggedModel':
      return `exists (select 1 from run_model x where x.run = r.num and x.model_id = ${params.add(condition.id, 'text')})`;
    default:
      return assertNever(condition);
  }
}

const DATASET_PART = { name: 'd.name', digest: 'd.digest', context: `(x.tags ->> 'mlflow.data.context')` } as const;

/** Where several wrote under one key, the platform's figure counts before an attempt's, and that before a client's. */
const FOREMOST = 'not exists (select 1 from metric_latest o where o.run = l.run and o.key = l.key and o.source > l.source)';

function metricTest(test: { key: string; op: NumberOp; value: number }, params: SqlParams, keys: KeyIds): string {
  const key = keys.get(test.key);
  if (key === undefined) return 'false';
  const ordered = test.op === '=' || test.op === '!=' ? '' : ` and l.value <> 'NaN'`;
  return `exists (select 1 from metric_latest l where l.run = r.num and l.key = ${params.add(key, 'int')} and l.value ${sqlOp(test.op)} ${params.add(test.value, 'float8')}${ordered} and ${FOREMOST})`;
}

/**
 * The same order, over the runs that have a number under the metric that comes first: they are found by walking that metric's index in one experiment,
 * so that the best of many runs cost no more than the best of few.
 */
export function rankedSort(
  order: readonly Order[],
  joins: string[],
  params: SqlParams,
  keyIds: KeyIds,
  experimentId: string,
): SortKey[] {
  const [first, ...others] = order as readonly [Order & { readonly kind: 'metric' }, ...Order[]];
  const experiment = `(select num from experiment where id = ${params.add(experimentId, 'text')})`;
  const key = params.add(keyIds.get(first.key) ?? -1, 'int');
  joins.push(
    `join metric_latest l on l.run = r.num and l.experiment = ${experiment} and l.key = ${key} and l.value < 'NaN' and ${FOREMOST}`,
  );
  return [{ value: 'l.value', descending: first.descending, type: 'float8' }, ...runSort(others, joins, params, keyIds)];
}

/** Keys of an order with its ties, start descending and id ascending; `joins` gets the tables that they need. */
export function runSort(order: readonly Order[], joins: string[], params: SqlParams, keyIds: KeyIds): SortKey[] {
  return [
    ...order.map((item, i) => sortKey(item, `o${i}`, joins, params, keyIds)),
    { value: 'r.started_at', descending: true, type: 'timestamptz' },
    { value: 'r.id collate "C"', descending: false, type: 'text' },
  ];
}

function sortKey(item: Order, alias: string, joins: string[], params: SqlParams, keyIds: KeyIds): SortKey {
  const { descending } = item;
  const ranked = (value: string) => `case when ${value} is null then 2 else 0 end`;
  switch (item.kind) {
    case 'text': {
      const value = `${TEXT[item.attribute]} collate "C"`;
      return { rank: ranked(TEXT[item.attribute]), value, descending, type: 'text' };
    }
    case 'time':
      return { rank: ranked(TIME[item.attribute]), value: TIME[item.attribute], descending, type: 'timestamptz' };
    case 'param':
    case 'tag':
      joins.push(
        `left join run_${item.kind} ${alias} on ${alias}.run = r.num and ${alias}.key = ${params.add((item as OrderField & { key: string }).key, 'text')}`,
      );
      return { rank: ranked(`${alias}.value`), value: `${alias}.value collate "C"`, descending, type: 'text' };
    case 'metric': {
      const key = params.add(keyIds.get(item.key) ?? -1, 'int');
      joins.push(
        `left join lateral (select l.value from metric_latest l where l.run = r.num and l.key = ${key} order by l.source desc limit 1) ${alias} on true`,
      );
      const rank = `case when ${alias}.value is null then 2 when ${alias}.value = 'NaN' then 1 else 0 end`;
      return { rank, value: `${alias}.value`, descending, type: 'float8' };
    }
    default:
      return assertNever(item);
  }
}
