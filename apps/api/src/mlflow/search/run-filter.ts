import type { NumberOp, TextTest } from '#database';
import type { Condition, Order, TextAttribute, TimeAttribute } from '#tracking';
import { invalid } from '../wire/errors.js';
import { toRunId } from '../wire/ids.js';
import { checkComparator, parseFilter, parseOrder, quotedText, type Clause } from './grammar.js';

const ENTITIES: Readonly<Record<string, Entity>> = {
  metric: 'metric',
  metrics: 'metric',
  parameter: 'parameter',
  parameters: 'parameter',
  param: 'parameter',
  params: 'parameter',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
};
type Entity = 'metric' | 'parameter' | 'tag' | 'attribute' | 'dataset';

const TEXT: Readonly<Record<string, TextAttribute>> = {
  run_id: 'hex',
  run_name: 'name',
  'run name': 'name',
  'Run name': 'name',
  'Run Name': 'name',
  user_id: 'userName',
  status: 'status',
  artifact_uri: 'artifactUri',
};
const TIMES: Readonly<Record<string, TimeAttribute>> = {
  start_time: 'startedAt',
  created: 'startedAt',
  Created: 'startedAt',
  end_time: 'endedAt',
};
const DATASET_KEYS = ['name', 'digest', 'context'] as const;

const NUMBER_OPS = ['>', '>=', '!=', '=', '<', '<='] as const;
const TEXT_OPS = ['=', '!=', 'LIKE', 'ILIKE'] as const;
const LIST_OPS = [...TEXT_OPS, 'IN', 'NOT IN'] as const;

/** Filter of runs/search as a condition of our own search. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function runCondition(filter: string): Condition | undefined {
  const clauses = parseFilter(filter).map((clause) => ({ clause, ...target(clause.identifier) }));
  const datasets = clauses.filter(({ entity }) => entity === 'dataset');
  const conditions = clauses
    .filter(({ entity }) => entity !== 'dataset')
    .map(({ clause, entity, key }) => condition(clause, entity, key));
  // What is said of data sets holds for one and the same.
  if (datasets.length > 0) conditions.push({ kind: 'dataset', of: datasets.map(({ clause, key }) => datasetTest(clause, key)) });
  return conditions.length > 0 ? { kind: 'and', of: conditions } : undefined;
}

function target(identifier: readonly string[]): { entity: Entity; key: string } {
  const [head, key] = identifier.length === 1 ? ['attribute', identifier[0]!] : (identifier as [string, string]);
  const entity = Object.hasOwn(ENTITIES, head) ? ENTITIES[head]! : undefined;
  if (!entity)
    throw invalid(`Invalid entity type '${head}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`);
  if (entity === 'attribute' && !Object.hasOwn(TEXT, key) && !Object.hasOwn(TIMES, key))
    throw invalid(
      `Invalid attribute key '${key}' specified. Valid keys are '${[...Object.keys(TEXT), ...Object.keys(TIMES)].join(', ')}'`,
    );
  if (entity === 'dataset' && !DATASET_KEYS.includes(key as never))
    throw invalid(`Invalid dataset key '${key}' specified. Valid keys are '${DATASET_KEYS.join(', ')}'`);
  return { entity, key };
}

function condition(clause: Clause, entity: Entity, key: string): Condition {
  const { op, value } = clause;
  if (!value) {
    if (entity !== 'tag' && entity !== 'parameter')
      throw invalid(`IS NULL / IS NOT NULL is only supported for tags and params, not for '${entity}' '${key}'`);
    const has = keyed(entity, key, undefined);
    return op === 'IS NULL' ? { kind: 'not', of: has } : has;
  }
  if (entity === 'metric') {
    if (value.kind !== 'number') throw invalid(`Expected numeric value type for metric. Found ${value.raw}`);
    checkComparator(op, NUMBER_OPS);
    return { kind: 'metric', key, op: op as NumberOp, value: value.number };
  }
  if (entity === 'attribute') return attributeTest(clause, key);
  if (entity === 'dataset') throw new Error('tests on data sets are taken together');
  const text = quotedText(value, entity);
  checkComparator(op, [...TEXT_OPS, 'IS NULL', 'IS NOT NULL']);
  return keyed(entity, key, { op: op as TextTest['op'], value: text });
}

/** Tags that say what a run's own attributes say; the platform keeps each once. */
function keyed(entity: 'tag' | 'parameter', key: string, test: TextTest | undefined): Condition {
  if (entity === 'parameter') return test ? { kind: 'param', key, ...test } : { kind: 'param', key, op: 'EXISTS' };
  if (key === 'mlflow.runName') return { kind: 'text', attribute: 'name', ...(test ?? { op: '!=', value: '' }) };
  if (key === 'mlflow.parentRunId') return parentTest(test);
  return test ? { kind: 'tag', key, ...test } : { kind: 'tag', key, op: 'EXISTS' };
}

function parentTest(test: TextTest | undefined): Condition {
  if (!test) return { kind: 'text', attribute: 'parentId', op: 'LIKE', value: '%' };
  const prefixed = (value: string) => (test.op === 'LIKE' || test.op === 'ILIKE' ? `run\\_${value}` : toRunId(value));
  return { kind: 'text', attribute: 'parentId', op: test.op, value: prefixed(test.value as string) };
}

function attributeTest({ op, value }: Clause, key: string): Condition {
  const time = TIMES[key];
  if (time !== undefined) {
    if (value!.kind !== 'number') throw invalid(`Expected numeric value type for numeric attribute: ${key}. Found ${value!.raw}`);
    checkComparator(op, NUMBER_OPS);
    return { kind: 'time', attribute: time, op: op as NumberOp, value: value!.number };
  }
  const attribute = TEXT[key]!;
  if (value!.kind === 'list' && attribute !== 'hex')
    throw invalid(`Only the 'run_id' attribute supports comparison with a list of quoted string values.`);
  if (value!.kind === 'number') throw invalid(`Expected a quoted string value for attributes. Got value ${value!.raw}`);
  return { kind: 'text', attribute, ...textTest(op, value!, 'attributes') };
}

function datasetTest({ op, value }: Clause, key: string) {
  if (!value) throw invalid(`IS NULL / IS NOT NULL is only supported for tags and params, not for 'dataset' '${key}'`);
  if (value.kind === 'number') throw invalid(`Expected a quoted string value for dataset attributes. Got value ${value.raw}`);
  return { part: key as (typeof DATASET_KEYS)[number], ...textTest(op, value, 'dataset attributes') };
}

function textTest(op: string, value: NonNullable<Clause['value']>, what: string): TextTest {
  const given = value.kind === 'list' ? value.items : quotedText(value, what);
  checkComparator(op, LIST_OPS);
  if ((value.kind === 'list') !== (op === 'IN' || op === 'NOT IN'))
    throw invalid(
      `Invalid comparator '${op}' for ${value.raw}: IN and NOT IN take a list of quoted values, the others one value`,
    );
  return { op: op as TextTest['op'], value: given };
}

/** Order of runs/search. The same key twice is an error. */
export function runOrder(orderBy: readonly string[]): Order[] {
  const seen = new Set<string>();
  return orderBy.map((item) => {
    const { identifier, descending } = parseOrder(item);
    const { entity, key } = target(identifier);
    const mark = `${entity}.${key}`;
    if (seen.has(mark)) throw invalid(`\`order_by\` contains duplicate fields: ${orderBy.join(', ')}`);
    seen.add(mark);
    switch (entity) {
      case 'dataset':
        throw invalid(`Invalid order_by clause '${item}': runs cannot be ordered by data set.`);
      case 'attribute':
        return TIMES[key] !== undefined
          ? { kind: 'time', attribute: TIMES[key], descending }
          : { kind: 'text', attribute: TEXT[key]!, descending };
      case 'tag':
        if (key === 'mlflow.runName') return { kind: 'text', attribute: 'name', descending };
        return { kind: 'tag', key, descending };
      default:
        return { kind: entity === 'metric' ? 'metric' : 'param', key, descending };
    }
  });
}
