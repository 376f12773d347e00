import type { NumberOp, TextTest } from '#database';
import type { ExperimentCondition, ExperimentQuery } from '#tracking';
import { invalid } from '../wire/errors.js';
import { checkComparator, parseFilter, parseOrder, quotedText, type Clause } from './grammar.js';

const TIMES = { creation_time: 'createdAt', last_update_time: 'updatedAt' } as const;
const NUMBER_OPS = ['>', '>=', '!=', '=', '<', '<='];
const TEXT_OPS = ['=', '!=', 'LIKE', 'ILIKE'];
const ENTITIES: Readonly<Record<string, 'attribute' | 'tag'>> = {
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  tag: 'tag',
  tags: 'tag',
};

/** Filter of experiments/search. Throws INVALID_PARAMETER_VALUE in MLflow's words. */
export function experimentConditions(filter: string): ExperimentCondition[] {
  return parseFilter(filter).map(condition);
}

function target(identifier: readonly string[]): readonly [entity: 'attribute' | 'tag', key: string] {
  if (identifier.length === 1) return ['attribute', identifier[0]!];
  const [head, key] = identifier as [string, string];
  if (!Object.hasOwn(ENTITIES, head)) throw invalid(`Invalid entity type '${head}'. Valid entity types are ('attribute', 'tag')`);
  return [ENTITIES[head]!, key];
}

function condition({ identifier, op, value }: Clause): ExperimentCondition {
  const [entity, key] = target(identifier);
  if (entity === 'tag') {
    if (!value) return { kind: 'hasTag', key, has: op === 'IS NOT NULL' };
    const text = quotedText(value, 'tag');
    checkComparator(op, TEXT_OPS);
    return { kind: 'tag', key, op: op as TextTest['op'], value: text };
  }
  if (!value) throw invalid(`IS NULL / IS NOT NULL is only supported for tags, not for attribute '${key}'`);
  if (Object.hasOwn(TIMES, key)) {
    if (value.kind !== 'number') throw invalid(`Expected numeric value type for numeric attribute: ${key}. Found ${value.raw}`);
    checkComparator(op, NUMBER_OPS);
    return { kind: TIMES[key as keyof typeof TIMES], op: op as NumberOp, value: value.number };
  }
  if (key !== 'name')
    throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '{'name', 'creation_time', 'last_update_time'}'`);
  if (value.kind === 'number') throw invalid(`Expected a quoted string value for attributes. Got value ${value.raw}`);
  const text = quotedText(value, 'attributes');
  checkComparator(op, TEXT_OPS);
  return { kind: 'name', op: op as TextTest['op'], value: text };
}

const ORDER_KEYS = { name: 'name', experiment_id: 'number', ...TIMES } as const;

export function experimentOrder(orderBy: readonly string[]): NonNullable<ExperimentQuery['orderBy']> {
  return orderBy.map((item) => {
    const { identifier, descending } = parseOrder(item);
    const [entity, key] = target(identifier);
    if (entity !== 'attribute') throw invalid(`Invalid order_by entity: ${entity}`);
    if (!Object.hasOwn(ORDER_KEYS, key))
      throw invalid(`Invalid attribute key '${key}' specified. Valid keys are '${Object.keys(ORDER_KEYS).join(', ')}'`);
    return { field: ORDER_KEYS[key as keyof typeof ORDER_KEYS], descending };
  });
}
