import { assertNever } from '#kernel';
import type { Condition, NumberOp, Order, OrderField, TextAttribute, TextTest, TimeAttribute } from './run-query.js';

/** Values of a statement whose text depends on the question. */
export class SqlParams {
  readonly values: unknown[] = [];

  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

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
};
const TIME: Readonly<Record<TimeAttribute, string>> = { startedAt: 'r.started_at', endedAt: 'r.ended_at' };

/** Times that JavaScript's dates can hold; what lies beyond compares like the end of time. */
const MAX_MS = 8.64e15;
export const toDate = (ms: number): Date => new Date(Math.max(-62_135_596_800_000, Math.min(MAX_MS, Math.floor(ms))));

/** A param as a number, or null when its text is none. */
const AS_NUMBER = String.raw`case when x.value ~ '^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$' then x.value::float8 end`;

/** SQL of a condition over the run `r` and its experiment `e`. */
export function conditionSql(condition: Condition, params: SqlParams, keys: KeyIds): string {
  const sql = (inner: Condition) => conditionSql(inner, params, keys);
  switch (condition.kind) {
    case 'and':
    case 'or':
      if (condition.of.length === 0) return condition.kind === 'and' ? 'true' : 'false';
      return `(${condition.of.map(sql).join(` ${condition.kind} `)})`;
    case 'not':
      return `not coalesce(${sql(condition.of)}, false)`;
    case 'text':
      return textTest(TEXT[condition.attribute], condition, params);
    case 'time':
      return `${TIME[condition.attribute]} ${numberOp(condition.op)} ${params.add(toDate(condition.value), 'timestamptz')}`;
    case 'metric':
      return metricTest(condition, params, keys);
    case 'param':
    case 'tag': {
      const having = `exists (select 1 from run_${condition.kind} x where x.run = r.num and x.key = ${params.add(condition.key, 'text')}`;
      return condition.op === 'EXISTS' ? `${having})` : `${having} and ${textTest('x.value', condition, params)})`;
    }
    case 'paramNumber':
      return `exists (select 1 from run_param x where x.run = r.num and x.key = ${params.add(condition.key, 'text')} and ${AS_NUMBER} ${numberOp(condition.op)} ${params.add(condition.value, 'float8')})`;
    case 'dataset':
      return `exists (select 1 from run_dataset x join logged_dataset d on d.id = x.dataset_id where x.run = r.num and ${condition.of
        .map((test) => textTest(DATASET_PART[test.part], test, params))
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

function textTest(expression: string, test: TextTest, params: SqlParams): string {
  switch (test.op) {
    case 'IN':
      return `${expression} = any(${params.add(test.value, 'text[]')})`;
    case 'NOT IN':
      return `${expression} <> all(${params.add(test.value, 'text[]')})`;
    case '=':
    case '!=':
    case 'LIKE':
    case 'ILIKE':
      return `${expression} ${test.op === '!=' ? '<>' : test.op} ${params.add(test.value, 'text')}`;
    default:
      return assertNever(test.op);
  }
}

/** Where several wrote under one key, the platform's figure counts before an attempt's, and that before a client's. */
const FOREMOST = 'not exists (select 1 from metric_latest o where o.run = l.run and o.key = l.key and o.source > l.source)';

function metricTest(test: { key: string; op: NumberOp; value: number }, params: SqlParams, keys: KeyIds): string {
  const key = keys.get(test.key);
  if (key === undefined) return 'false';
  const ordered = test.op === '=' || test.op === '!=' ? '' : ` and l.value <> 'NaN'`;
  return `exists (select 1 from metric_latest l where l.run = r.num and l.key = ${params.add(key, 'int')} and l.value ${numberOp(test.op)} ${params.add(test.value, 'float8')}${ordered} and ${FOREMOST})`;
}

const numberOp = (op: NumberOp): string => (op === '!=' ? '<>' : op);

/** One part of an order: `rank` puts numbers before NaN before what is missing; `type` is that of the value in a cursor. */
interface SortKey {
  readonly rank?: string;
  readonly value: string;
  readonly descending: boolean;
  readonly type: 'text' | 'float8' | 'timestamptz';
}

export interface SortPlan {
  readonly joins: string;
  readonly keys: readonly SortKey[];
  readonly orderBy: string;
  /** Columns that a cursor needs: rank and value of each key. */
  readonly columns: string;
}

/** Order with its ties: start descending, id ascending. */
export function sortPlan(order: readonly Order[], params: SqlParams, keyIds: KeyIds): SortPlan {
  const joins: string[] = [];
  const keys = order.map((item, i) => sortKey(item, `o${i}`, joins, params, keyIds));
  keys.push({ value: 'r.started_at', descending: true, type: 'timestamptz' });
  keys.push({ value: 'r.id collate "C"', descending: false, type: 'text' });
  const orderBy = keys
    .map((key) => `${key.rank ? `${key.rank}, ` : ''}${key.value} ${key.descending ? 'desc' : 'asc'}`)
    .join(', ');
  const columns = keys.map((key, i) => `${key.rank ?? '0'} as rank${i}, ${key.value} as key${i}`).join(', ');
  return { joins: joins.join(' '), keys, orderBy, columns };
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

export type CursorKey = readonly [rank: number, value: string | null];

/** Rows that come after the one whose keys the cursor holds. */
export function afterSql(plan: SortPlan, cursor: readonly CursorKey[], params: SqlParams): string {
  return plan.keys.reduceRight((rest, key, i) => {
    const [rank, value] = cursor[i]!;
    const same = rank === 0 ? valueAfter(key, value, rest, params) : rest;
    if (!key.rank) return same;
    const mark = params.add(rank, 'int');
    return `(${key.rank} > ${mark} or (${key.rank} = ${mark} and ${same}))`;
  }, 'false');
}

function valueAfter(key: SortKey, value: string | null, rest: string, params: SqlParams): string {
  const mark = params.add(value, key.type);
  const further = key.descending ? '<' : '>';
  // The first test lets the planner walk an index from here on.
  return `(${key.value} ${further}= ${mark} and (${key.value} ${further} ${mark} or ${rest}))`;
}
