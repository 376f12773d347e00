import { groupSql, sqlOp, textTestSql, toDate, type SortKey, type SqlParams } from '#database';
import { assertNever } from '#kernel';
import type {
  LoggedModelCondition,
  LoggedModelOrder,
  ModelTextAttribute,
  ModelTimeAttribute,
  OnDataset,
} from './logged-model-query.js';
import { AS_NUMBER, type KeyIds } from './run-sql.js';

const TEXT: Readonly<Record<ModelTextAttribute, string>> = {
  hex: `'m-' || substr(m.id, 5)`,
  name: 'm.name',
  modelType: 'm.model_type',
  sourceRun: `regexp_replace(m.source_run_id, '^run_(?=[0-9a-f]{32}$)', '')`,
  sourceRunId: 'm.source_run_id',
  status: 'm.status',
  experiment: 'e.number::text',
};
const TIME: Readonly<Record<ModelTimeAttribute, string>> = {
  createdAt: `date_trunc('milliseconds', m.created_at)`,
  updatedAt: `date_trunc('milliseconds', m.updated_at)`,
};

/** What a condition is put into SQL with. */
export interface ModelSqlContext {
  readonly params: SqlParams;
  readonly keys: KeyIds;
  /** Metrics count only where they were measured on one of these; with none, anywhere. */
  readonly datasets: readonly OnDataset[];
}

/** SQL of a condition over the logged model `m` and its experiment `e`. */
export function modelConditionSql(condition: LoggedModelCondition, context: ModelSqlContext): string {
  const { params } = context;
  const sql = (inner: LoggedModelCondition) => modelConditionSql(inner, context);
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
      return metricTest(condition, context);
    case 'measured':
      return `exists (select 1 from logged_model_metric x where x.model_id = m.id${onDatasets(context.datasets, params)})`;
    case 'param':
    case 'tag':
      return condition.op === 'EXISTS'
        ? having(condition.kind, condition.key, '', params)
        : having(condition.kind, condition.key, ` and ${textTestSql('x.value', condition, params)}`, params);
    case 'paramNumber': {
      const test = ` and ${AS_NUMBER} ${sqlOp(condition.op)} ${params.add(condition.value, 'float8')}`;
      return having('param', condition.key, test, params);
    }
    default:
      return assertNever(condition);
  }
}

function having(kind: 'param' | 'tag', key: string, test: string, params: SqlParams): string {
  return `exists (select 1 from logged_model_${kind} x where x.model_id = m.id and x.key = ${params.add(key, 'text')}${test})`;
}

function metricTest(
  { key, tests, dataset }: LoggedModelCondition & { readonly kind: 'metric' },
  { params, keys, datasets }: ModelSqlContext,
): string {
  const id = params.add(keys.get(key) ?? -1, 'int');
  const passed = tests.map(
    ({ op, value }) => ` and x.value ${sqlOp(op)} ${params.add(value, 'float8')}${op === '!=' ? '' : ` and x.value <> 'NaN'`}`,
  );
  return `exists (select 1 from logged_model_metric x where x.model_id = m.id and x.key = ${id}${passed.join('')}${onDatasets(dataset ? [dataset] : datasets, params)})`;
}

function onDatasets(datasets: readonly OnDataset[], params: SqlParams): string {
  if (datasets.length === 0) return '';
  const is = (column: string, value: string | undefined) =>
    value === undefined ? [] : [`x.${column} = ${params.add(value, 'text')}`];
  const one = ({ name, digest }: OnDataset) =>
    ['true', ...is('dataset_name', name), ...is('dataset_digest', digest)].join(' and ');
  return ` and (${datasets.map(one).join(' or ')})`;
}

/** Keys of an order with its ties, creation descending and id ascending. */
export function modelSort(order: readonly LoggedModelOrder[], params: SqlParams, keys: KeyIds): SortKey[] {
  return [
    ...order.map((item) => sortKey(item, params, keys)),
    { value: TIME.createdAt, descending: true, type: 'timestamptz' },
    { value: 'm.id collate "C"', descending: false, type: 'text' },
  ];
}

function sortKey(item: LoggedModelOrder, params: SqlParams, keys: KeyIds): SortKey {
  const { descending } = item;
  if (item.kind === 'time') return { value: TIME[item.attribute], descending, type: 'timestamptz' };
  if (item.kind === 'text') {
    const text = TEXT[item.attribute];
    return {
      rank: `case when ${text} is null then 2 else 0 end`,
      value: `(${text}) collate "C"`,
      descending,
      type: 'text',
    };
  }
  const where = `x.model_id = m.id and x.key = ${params.add(keys.get(item.key) ?? -1, 'int')}${onDatasets(item.dataset ? [item.dataset] : [], params)}`;
  const value = `(select x.value from logged_model_metric x where ${where} order by x.step desc, x.ts desc limit 1)`;
  return {
    rank: `case when ${value} is null then 2 when ${value} = 'NaN' then 1 else 0 end`,
    value,
    descending,
    type: 'float8',
  };
}
