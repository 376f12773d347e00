import type { NumberOp, TextTest } from '#database';
import type { LoggedModelCondition, LoggedModelQuery } from '#tracking';
import { invalid } from '../wire/errors.js';
import { parseFilter, quotedText, type Clause } from './grammar.js';

const TEXT = {
  name: 'name',
  model_id: 'hex',
  model_type: 'modelType',
  source_run_id: 'sourceRun',
  status: 'status',
  experiment_id: 'experiment',
} as const;
const TIMES = {
  creation_timestamp: 'createdAt',
  creation_time: 'createdAt',
  last_updated_timestamp: 'updatedAt',
  last_updated_time: 'updatedAt',
} as const;
const NUMBER_OPS = ['<', '<=', '>', '>=', '=', '!='];
const TEXT_OPS = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'];
const ENTITIES = ['attributes', 'metrics', 'params', 'tags'] as const;
type Entity = (typeof ENTITIES)[number];

/** `onDatasets`: the search names data sets, on which a model must have been measured, where the filter asks for no metric of it. */
export function loggedModelConditions(filter: string, onDatasets = false): LoggedModelCondition[] {
  const conditions = clauses(filter).map(condition);
  if (onDatasets && !conditions.some(({ kind }) => kind === 'metric')) conditions.push({ kind: 'measured' });
  return conditions;
}

function clauses(filter: string): Clause[] {
  try {
    return parseFilter(filter);
  } catch (error) {
    if (!(error as Error).message.startsWith('Invalid clause')) throw error;
    const quote = filter.includes("'") && !filter.includes('"') ? '"' : "'";
    throw invalid(
      `Invalid filter string: ${quote}${filter}${quote}. Expected a list of comparisons separated by 'AND' ` +
        "(e.g. 'metrics.loss > 0.1 AND params.lr = 0.01').",
    );
  }
}

function target(identifier: readonly string[]): readonly [entity: Entity, key: string] {
  if (identifier.length === 1) return ['attributes', identifier[0]!];
  const [head, key] = identifier as [Entity, string];
  if (!ENTITIES.includes(head))
    throw invalid(`Invalid entity type: '${head}'. Expected one of [${ENTITIES.map((each) => `'${each}'`).join(', ')}].`);
  return [head, key];
}

function condition({ identifier, op, value }: Clause): LoggedModelCondition {
  const [entity, key] = target(identifier);
  if (!value) throw invalid(`${op} is not supported for logged models`);
  if (entity === 'metrics') {
    checkOp(op, NUMBER_OPS, `metrics.${key}`);
    if (value.kind !== 'number') throw invalid(`Expected numeric value type for metric. Found ${value.raw}`);
    return { kind: 'metric', key, tests: [{ op: op as NumberOp, value: value.number }] };
  }
  if (entity === 'attributes' && Object.hasOwn(TIMES, key)) {
    checkOp(op, NUMBER_OPS, `attributes.${key}`);
    if (value.kind !== 'number') throw invalid(`Expected numeric value type for numeric attribute: ${key}. Found ${value.raw}`);
    return { kind: 'time', attribute: TIMES[key as keyof typeof TIMES], op: op as NumberOp, value: value.number };
  }
  checkOp(op, TEXT_OPS, `${entity}.${key}`);
  const test = textTest(op, value, entity);
  if (entity === 'attributes') {
    if (!Object.hasOwn(TEXT, key))
      throw invalid(
        `Invalid attribute key '${key}' specified. Valid keys are '${[...Object.keys(TEXT), ...Object.keys(TIMES)].join(', ')}'`,
      );
    return { kind: 'text', attribute: TEXT[key as keyof typeof TEXT], ...test };
  }
  return { kind: entity === 'params' ? 'param' : 'tag', key, ...test };
}

function checkOp(op: string, allowed: readonly string[], what: string): void {
  if (!allowed.includes(op))
    throw invalid(
      `Invalid comparison operator for ${what}: '${op}'. Expected one of (${allowed.map((each) => `'${each}'`).join(', ')}).`,
    );
}

function textTest(op: string, value: NonNullable<Clause['value']>, what: string): TextTest {
  if ((value.kind === 'list') !== (op === 'IN' || op === 'NOT IN'))
    throw invalid(
      `Invalid comparator '${op}' for ${value.raw}: IN and NOT IN take a list of quoted values, the others one value`,
    );
  return { op: op as TextTest['op'], value: value.kind === 'list' ? value.items : quotedText(value, what) };
}

export interface OrderMessage {
  readonly field_name: string;
  readonly ascending?: boolean | undefined;
  readonly dataset_name?: string | undefined;
  readonly dataset_digest?: string | undefined;
}

export function loggedModelOrder(orderBy: readonly OrderMessage[]): NonNullable<LoggedModelQuery['orderBy']> {
  return orderBy.map(({ field_name: field, ascending = true, dataset_name: name, dataset_digest: digest }) => {
    const descending = !ascending;
    if (field.startsWith('metrics.'))
      return {
        kind: 'metric',
        key: field.slice('metrics.'.length),
        descending,
        dataset: name || digest ? { name: name || undefined, digest: digest || undefined } : undefined,
      } as const;
    const key = field.replace(/^attributes\./, '');
    if (Object.hasOwn(TIMES, key)) return { kind: 'time', attribute: TIMES[key as keyof typeof TIMES], descending } as const;
    if (Object.hasOwn(TEXT, key)) return { kind: 'text', attribute: TEXT[key as keyof typeof TEXT], descending } as const;
    throw invalid(`Invalid order by field name: ${field}`);
  });
}
